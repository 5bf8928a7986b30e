-- ngx.re.
local run = ...
local say, try = run.say, run.try

for _, row in ipairs {
  { "hello, 1234", "[0-9]+" }, { "hello, 1234", "([0-9])[0-9]+" }, { "hello", "x" },
  { "hello, 1234", "(?<num>[0-9]+)(x)?" }, { "HELLO", "hello", "i" }, { "a\nb", "^b", "m" }, { "a b", "a b", "x" },
  { "hello", "(?:l)(?<z>q)?" }, { "abcd", "(a|ab)(c|bcd)", "d" }, { "\195\169", "^.$", "u" }, { "foo", "(a)?foo" },
  { "x", "y|" }, { "a\nb", "a.b" }, { "a\nb", "a.b", "s" }, { "xab", "ab", "a" }, { 12, "1" },
} do
  try("match " .. row[1] .. " " .. row[2], ngx.re.match, row[1], row[2], row[3])
end
for _, row in ipairs { { 3, "[a-z]+" }, { 2, "[a-z]+", "a" }, { 2, "l+", "a" }, { 6, "h*" }, { 0, "h*" } } do
  local context = { pos = row[1] }
  try("match at " .. row[1], ngx.re.match, "hello", row[2], row[3] or "", context)
  say("goes on", context)
end
local context = {}
ngx.re.match("hello", "h", "o", context)
say("without pos", context)
say("a table to fill", ngx.re.match("hello", "(h)(e)", "", nil, { [5] = "old" }))

try("find", ngx.re.find, "hello, 1234", "([0-9])([0-9]+)")
for nth = 0, 2 do try("find " .. nth, ngx.re.find, "hello, 1234", "([0-9])([0-9]+)", "jo", nil, nth) end
try("find what took no part", ngx.re.find, "hello, 1234", "([0-9])(x)?", "jo", nil, 2)
try("find out of bounds", ngx.re.find, "hello, 1234", "([0-9])", "jo", nil, 9)
try("find nothing", ngx.re.find, "a", "b")
try("find the empty", ngx.re.find, "abc", "")

for _, row in ipairs { { "hello, world 12", "([a-z])([a-z]+)|(\\d)" }, { "aXbX", "x*", "i" }, { "", "" } } do
  local iterator = ngx.re.gmatch(row[1], row[2], row[3])
  for i = 1, 6 do try("gmatch " .. i, iterator) end
end

local function double(match) return match[0] .. match[0] end
for _, row in ipairs {
  { "hello, 1234", "([0-9])[0-9]", "[$0][$1]" }, { "hello, 1234", "[0-9]", "${0}00" }, { "hello, 1234", "[0-9]", "$$" },
  { "hello, 1234", "[0-9]", double }, { "a", "b", "c" }, { "a", "a", "$x" }, { "a", "a", "${1" }, { "a", "a", "$5" },
  { "a", "(?<n>a)", "${n}" }, { "a", "a", 5 }, { "a", "a", function() return 1 end }, { "a", "a(b)?", "[$1]" },
  { "a", "a", "x$" }, { "hello, world", "([a-z])[a-z]+", "[$0,$1]", "i" }, { "abc", "", "-" }, { "abc", "x*", "-" },
  { "abxc", "x*", "-" }, { "aab", "^a", "-" }, { "ab", "(a)", "$11" }, { "ab", "(a)", "${1}1" },
} do
  try("sub " .. row[2], ngx.re.sub, row[1], row[2], row[3], row[4])
  try("gsub " .. row[2], ngx.re.gsub, row[1], row[2], row[3], row[4])
end

for _, name in ipairs { "match", "gmatch" } do
  local ok, err = ngx.re[name]("a", "(")
  say("no pattern", ok, err:match "^pcre_compile%(%) failed: ", err:match 'in "%("$')
end
say("no pattern", (ngx.re.sub("a", "(", "c")))
try("no flag", ngx.re.match, "a", "a", "q")

local split = require "ngx.re".split
for _, row in ipairs { { "a,b,c,d", "," }, { "a,b,c,d", "(,)" }, { "a,b,c,d", ",", nil, nil, 2 }, { "abc", "" },
  { "", "," }, { ",a,", "," }, { "a1b22c", "\\d+" }, { "a,b,c", ",", nil, { pos = 3 } } } do
  try("split " .. row[1] .. " " .. row[2], split, row[1], row[2], row[3], row[4], row[5])
end
