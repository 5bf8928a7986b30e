-- SPDX-License-Identifier: MIT
-- bearssl watch: the targets that its words mean. A word is a server, a certificate, or a file with a list of them.
local core = require "bearssl.core"
local pins = require "bearssl.pins"
local targets = require "bearssl.command.target"

local MAX_FILE, MAX_TARGETS = 4 << 20, 100000
local MARK = "\xEF\xBB\xBF" -- of UTF-8, at the start of what some editors write

local list = {}

local function is_certificate(text)
  return text:find("-----BEGIN", 1, true) ~= nil or text:byte() == 0x30 and text:byte(2, 2) == 0x82
end

-- The text of a file; nil: it cannot be read; nil, what is wrong with it.
local function read(target)
  if target.stdin then return io.read(MAX_FILE + 1) or "" end
  local file <close> = io.open(target.file, "rb")
  if not file then return nil end
  local text, why = file:read(MAX_FILE + 1)
  if not text and why then return nil end -- a folder
  if text and #text > MAX_FILE then return nil, ("more than %d bytes"):format(MAX_FILE) end
  return text or ""
end

-- A target, once; another set of pins for the same one would be a riddle.
local function put(found, target)
  local old = found.by_text[target.text]
  if old then
    local same = table.concat(old.pins or {}, " ") == table.concat(target.pins or {}, " ")
    if not same then return nil, ("'%s' is there twice, with other pins"):format(core.printable(target.text)) end
    return true
  end
  if #found >= MAX_TARGETS then return nil, ("more than %d targets"):format(MAX_TARGETS) end
  found.by_text[target.text], found[#found + 1] = target, target
  return true
end

-- A line of a list: a target, and behind it the pins that its path must have one of.
local function parts(line)
  local rest, set = line:gsub("%s*#.*$", ""):match "^%s*(.-)%s*$", {}
  while rest:find "%ssha256//%S+$" do
    local before, pin = rest:match "^(.-)%s+(sha256//%S+)$"
    table.insert(set, 1, pin)
    rest = before
  end
  if not set[1] then return rest end
  set.backup = #set > 1 and nil -- with two there must be a backup, as for a client; one alone is its owner's will
  return rest, set
end

local read_list

-- Adds what a word means.
local function add(found, word, inside, set)
  if inside and word:find "^%-" then
    return nil, word == "-" and "standard input is no list in a list" or "a file whose name begins with - is ./-..."
  end
  local target, err = targets.parse(word)
  if not target then return nil, err end
  if target.host then
    return put(found, { text = word, host = target.host, port = target.port, name = target.name,
      starttls = target.starttls, pins = set })
  end
  local text, wrong = read(target)
  if wrong then return nil, ("%s: %s"):format(core.printable(word), wrong) end
  if not text then return put(found, { text = word, file = target.file, pins = set }) end -- told as what cannot be read
  if not is_certificate(text) and not inside then return read_list(found, word, text) end
  return put(found, { text = word, content = text, pins = set })
end

function read_list(found, name, text)
  local number, empty = 0, true
  if text:sub(1, #MARK) == MARK then text = text:sub(#MARK + 1) end
  for line in text:gmatch "([^\r\n]*)\r?\n?" do
    number = number + 1
    local word, set = parts(line)
    local ok, wrong = true, set and select(2, pins.read(set))
    empty = empty and word == ""
    if word ~= "" and not wrong then ok, wrong = add(found, word, true, set) end
    if wrong or not ok then return nil, ("%s, line %d: %s"):format(core.printable(name), number, wrong) end
  end
  if empty then return nil, core.printable(name) .. ": no target stands in it" end
  return true
end

-- The targets of bearssl.watch that words mean, each of them once; nil and what is wrong.
function list.of(words)
  local found = { by_text = {} }
  for _, word in ipairs(words) do
    local ok, err = add(found, word, false)
    if not ok then return nil, err end
  end
  found.by_text = nil
  return found
end

return list
