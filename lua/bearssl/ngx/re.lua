-- SPDX-License-Identifier: MIT
-- bearssl.ngx.re: ngx.re over lrexlib's PCRE2, where that is installed (Debian: lua-rex-pcre2).
local text_of = require "bearssl.cosocket.arguments".text_of

local re = {}

local flags = { i = "CASELESS", m = "MULTILINE", s = "DOTALL", x = "EXTENDED", u = "UTF", U = "UTF", J = "DUPNAMES",
  a = "ANCHORED" }
local no_flags = { j = true, o = true, d = true } -- how PCRE is to run it, and not what it matches

local rex

local function load_rex()
  if rex then return rex end
  for _, name in ipairs { "rex_pcre2", "rex_pcre" } do
    local ok, found = pcall(require, name)
    if ok then
      rex = { new = found.new, flags = found.flags() }
      return rex
    end
  end
  error("ngx.re needs lrexlib with PCRE (Debian: lua-rex-pcre2; rock: lrexlib-pcre2)", 0)
end

local MOST = 1024 -- compiled patterns that are kept
local compiled, count = {}, 0

local function flag_bits(options)
  local bits, lib = 0, load_rex()
  for flag in options:gmatch "." do
    local name = flags[flag]
    if name then
      bits = bits | (lib.flags[name] or lib.flags[name .. "8"])
    elseif not no_flags[flag] then
      error(('unknown flag "%s" (flags "%s")'):format(flag, options), 0)
    end
  end
  return bits
end

local function compile(pattern, options)
  local key = options .. "/" .. pattern
  local found = compiled[key]
  if found then return found end
  local bits = flag_bits(options)
  local ok, regex = pcall(load_rex().new, pattern, bits)
  if not ok then
    local why = tostring(regex):gsub("^.-:%d+: ", "")
    return nil, ('pcre_compile() failed: %s in "%s"'):format(why, pattern)
  end
  if count >= MOST then compiled, count = {}, 0 end
  found = { regex = regex, dfa = options:find("d", 1, true), run_flags = 0 }
  if options:find("U", 1, true) then found.run_flags = rex.flags.NO_UTF_CHECK or rex.flags.NO_UTF8_CHECK end
  compiled[key], count = found, count + 1
  return found
end

-- First and last byte of a match from position `from` on, and lrexlib's captures: by tfind texts by number and name, by
-- exec positions.
local function run(code, method, subject, from)
  if code.dfa then
    local first, lasts = code.regex:dfa_exec(subject, from, code.run_flags)
    return first, first and lasts[1], {}
  end
  return code.regex[method](code.regex, subject, from, code.run_flags)
end

local function safely(code, method, subject, from)
  local ok, first, last, captures = pcall(run, code, method, subject, from)
  if not ok then return nil, nil, nil, "pcre_exec() failed: " .. tostring(first):gsub("^.-:%d+: ", "") end
  return first, last, captures
end

-- The table that a match gives: [0] all of it, captures by number and name, false where one took no part.
local function fill(result, subject, first, last, captures)
  result[0] = subject:sub(first, last)
  for key, value in pairs(captures) do result[key] = value end
  return result
end

local function checked(name, subject, pattern, options)
  subject = text_of(subject)
  if type(pattern) ~= "string" then pattern = tostring(pattern) end
  if options ~= nil and type(options) ~= "string" then
    error(("bad argument #3 to '%s' (string expected, got %s)"):format(name, type(options)), 3)
  end
  local ok, code, err = pcall(compile, pattern, options or "")
  if not ok then error(code, 3) end
  return subject, code, err
end

local function start_of(context)
  return math.max(1, context and context.pos or 1)
end

function re.match(subject, pattern, options, context, result)
  local code, err
  subject, code, err = checked("match", subject, pattern, options)
  if not code then return nil, err end
  local from = start_of(context)
  if from > #subject + 1 then return nil end
  local first, last, captures, wrong = safely(code, "tfind", subject, from)
  if wrong then return nil, wrong end
  if not first then return nil end
  if context then context.pos = last + 1 end
  return fill(result or {}, subject, first, last, captures)
end

function re.find(subject, pattern, options, context, nth)
  local code, err
  subject, code, err = checked("find", subject, pattern, options)
  if not code then return nil, nil, err end
  local from = start_of(context)
  if from > #subject + 1 then return nil end
  local first, last, positions, wrong = safely(code, "exec", subject, from)
  if not first then
    if wrong then return nil, nil, wrong end
    return nil
  end
  if context then context.pos = last + 1 end
  if not nth or nth == 0 then return first, last end
  if positions[2 * nth] == nil then return nil, nil, "nth out of bound" end
  return positions[2 * nth - 1] or nil, positions[2 * nth] or nil
end

function re.gmatch(subject, pattern, options)
  local code, err
  subject, code, err = checked("gmatch", subject, pattern, options)
  if not code then return nil, err end
  local from = 1
  return function()
    if not from or from > #subject + 1 then return nil end
    local first, last, captures, wrong = safely(code, "tfind", subject, from)
    from = first and (last >= first and last + 1 or first + 1)
    if wrong then return nil, wrong end
    if not first then return nil end
    return fill({}, subject, first, last, captures)
  end
end

-- Replacements ----------------------------------------------------------------------------------------------------

-- A template to a list of texts and numbers of groups; nil: it is none.
local function parse_template(template)
  local parts, from = {}, 1
  while from <= #template do
    local at = template:find("$", from, true)
    parts[#parts + 1] = template:sub(from, (at or #template + 1) - 1)
    if not at then break end
    local number, after = template:match("^(%d+)()", at + 1)
    if not number then number, after = template:match("^{(%d+)}()", at + 1) end
    if number then
      parts[#parts + 1] = tonumber(number)
    elseif template:sub(at + 1, at + 1) == "$" then
      parts[#parts + 1], after = "$", at + 2
    else
      return nil
    end
    from = after
  end
  return parts
end

-- What a replacement stands for, as a function of a match.
local function replacer(replacement)
  if type(replacement) == "function" then
    return function(match) return tostring((replacement(match))) end
  end
  local parts = parse_template(text_of(replacement))
  if not parts then return nil, "failed to compile the replacement template" end
  return function(match)
    local out = {}
    for i, part in ipairs(parts) do out[i] = type(part) == "string" and part or match[part] or "" end
    return table.concat(out)
  end
end

local function substitute(name, most, subject, pattern, replacement, options)
  local code, err
  subject, code, err = checked(name, subject, pattern, options)
  if not code then return nil, nil, err end
  local replace, wrong = replacer(replacement)
  if not replace then return nil, nil, wrong end
  local out, done, from, n = {}, 1, 1, 0
  while n < most and from <= #subject + 1 do
    local first, last, captures, failed = safely(code, "tfind", subject, from)
    if failed then return nil, nil, failed end
    if not first then break end
    n = n + 1
    out[#out + 1] = subject:sub(done, first - 1)
    out[#out + 1] = replace(fill({}, subject, first, last, captures))
    done = last + 1
    from = last >= first and last + 1 or first + 1
  end
  out[#out + 1] = subject:sub(done)
  return table.concat(out), n
end

function re.sub(subject, pattern, replacement, options)
  return substitute("sub", 1, subject, pattern, replacement, options)
end

function re.gsub(subject, pattern, replacement, options)
  return substitute("gsub", math.huge, subject, pattern, replacement, options)
end

return re
