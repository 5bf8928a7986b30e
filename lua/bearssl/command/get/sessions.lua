-- SPDX-License-Identifier: MIT
-- bearssl get --session FILE: sessions between two runs. Each line is a name and a session in hexadecimal, the newest
-- last; the file is its owner's alone, for who reads it can speak in this client's name.
local core = require "bearssl.core"
local hex = require "bearssl.hex"
local output = require "bearssl.command.output"

local MAX_FILE = 1 << 20 -- bytes
local MAX_KEPT = 4 -- sessions of one name

local sessions = {}

local function wrong(message)
  return nil, core.error { code = "file", message = message, where = "--session", side = "local" }
end

-- Puts what the file has for the name into the cache. What has expired, or is of other options, is passed over; no file
-- is no sessions.
function sessions.load(path, config, cache, name)
  local file <close> = io.open(path, "rb")
  if not file then return true end
  local text = file:read(MAX_FILE + 1)
  if not text then return true end
  if #text > MAX_FILE then return wrong(path .. ": this is no file of sessions") end
  for line in text:gmatch "[^\n]+" do
    local whose, digits = line:match "^(%S+) (%x+)$"
    if not whose or #digits % 2 ~= 0 then return wrong(path .. ": this is no file of sessions") end
    local session = whose == name and config:import_session(hex.octets(digits))
    if session then cache:put(config, name, session) end
  end
  return true
end

-- The lines of a file that are of other names.
local function others(path, name)
  local lines, file <close> = {}, io.open(path, "rb")
  for line in (file and file:read "a" or ""):gmatch "[^\n]+" do
    if line:match "^%S+" ~= name then lines[#lines + 1] = line end
  end
  return lines
end

-- Keeps what the connection has left: a file that takes the place of the old one, or nothing.
function sessions.save(path, config, cache, name, out)
  local lines = others(path, name)
  local place = #lines + 1 -- the newest comes out first
  for _ = 1, MAX_KEPT do
    local session = cache:take(config, name)
    local bytes = session and session:export()
    if not bytes then break end
    table.insert(lines, place, ("%s %s"):format(name, hex.of(bytes)))
  end
  local text = table.concat(lines, "\n") .. (lines[1] and "\n" or "")
  local ok, err = core.write_file(path, text, tonumber("600", 8), true)
  if not ok then out:note("bearssl: --session: " .. output.clean(err.message)) end
end

return sessions
