-- base64, URIs, arguments, hashes, times, ngx.say.
local run = ...
local say, try = run.say, run.try

for _, value in ipairs { "hello\0\255", "a", "", 12 } do
  try("encode_base64", ngx.encode_base64, value)
  try("encode_base64 without padding", ngx.encode_base64, value, true)
end
for _, text in ipairs { "aGVsbG8=", "aGVsbG8", "a$b", "aGVsb", "", "aG Vs", "aGVsbG8=aGVsbG8=", "aGVsbG=8" } do
  try("decode_base64 " .. text, ngx.decode_base64, text)
end
try("decode_base64 a number", ngx.decode_base64, 12)
local all = {}
for i = 0, 255 do all[i + 1] = string.char(i) end
all = table.concat(all)
say("base64", ngx.decode_base64(ngx.encode_base64(all)) == all)
for _, kind in ipairs { 0, 1, 2 } do try("escape_uri " .. kind, ngx.escape_uri, all, kind) end
for _, value in ipairs { "a b", 1.5, true } do try("escape_uri", ngx.escape_uri, value) end
try("unescape_uri", ngx.unescape_uri, "a+b%20c%zz%4%41%")
for _, arguments in ipairs { { a = 1 }, { b = { "x y", true, 2 } }, { c = true }, { c = false }, { ["a b"] = "r&s=t" },
  { a = {} }, {}, { "x" }, { a = { false, "x" } }, { a = "" }, { a = print } } do
  try("encode_args", ngx.encode_args, arguments)
end
for _, query in ipairs { "a=1&b=2&a=3", "a&b=&=c&&d==e", "a=1&a", "x%20y=a+b&c=%26", "", "&", "a=b=c", "=",
  "a&a&a=1" } do
  try("decode_args " .. query, ngx.decode_args, query)
end
try("decode_args, two", ngx.decode_args, "a=1&b=2&c=3", 2)
try("decode_args, no limit", ngx.decode_args, "a=1&b=2&c=3", 0)
local many = {}
for i = 1, 101 do many[i] = "a" .. i .. "=1" end
say("decode_args, 101", select(2, ngx.decode_args(table.concat(many, "&"))))
for _, name in ipairs { "md5", "md5_bin", "sha1_bin" } do
  for _, value in ipairs { "hello", "", 1, true } do try(name, ngx[name], value) end
end
try("hmac_sha1", ngx.hmac_sha1, "key", "hello")
try("hmac_sha1 of a long key", ngx.hmac_sha1, ("k"):rep(100), all)
for _, name in ipairs { "crc32_short", "crc32_long" } do
  for _, value in ipairs { "hello", "", all } do try(name, ngx[name], value) end
end
try("quote_sql_str", ngx.quote_sql_str, "a'b\n\r\0\\\"\26\t\bx")
for _, seconds in ipairs { 0, 1547178847, 951782400, 2147483647 } do
  try("cookie_time", ngx.cookie_time, seconds)
  try("http_time", ngx.http_time, seconds)
  say("there and back", ngx.parse_http_time(ngx.http_time(seconds)) == seconds)
end
for _, text in ipairs { "Friday, 11-Jan-19 03:54:07 GMT", "Fri Jan 11 03:54:07 2019", "x" } do
  try("parse_http_time", ngx.parse_http_time, text)
end
try("http_time of text", ngx.http_time, "x")
say("kinds", type(ngx.null), type(ngx.now()), type(ngx.time()), #ngx.localtime(), #ngx.utctime(), #ngx.today())
ngx.say(ngx.null, nil, true, { "a", { 1, true, ngx.null } }, 1.5, 1e15, 1e100, 3)
ngx.print("x", 1, "\n")
try("say a table with keys", ngx.say, { a = 1 })
try("say a function", ngx.say, print)
try("log 99", ngx.log, 99, "x")
