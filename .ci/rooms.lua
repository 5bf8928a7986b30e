-- SPDX-License-Identifier: MIT
-- rooms.lua [TREE] - every #include under TREE/csrc against the rooms below (lua5.4 .ci/rooms.lua).
-- Prints each wrong one as file:line and exits with status 1.

-- What a room may include beside itself: a room, or one file of a room.
local rooms = {
  base = {},
  wire = { "base" },
  crypto = { "base" },
  x509 = { "base", "crypto" },
  tls = { "base", "wire", "crypto", "x509/verify.h", "x509/sign.h" },
  bear = { "base", "wire", "crypto", "x509" },
  conn = { "base", "x509", "tls", "bear" },
  lua = { "base", "crypto", "x509", "conn" },
}

-- Libraries that only some rooms know, by what their headers' names match.
local libraries = {
  { pattern = "^bearssl", rooms = { "crypto", "x509", "bear" } },
  { pattern = "^lua", rooms = { "lua" } },
  { pattern = "^lauxlib", rooms = { "lua" } },
}

local function contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

-- nil, or what is wrong with `name` (as "file.h" or <file.h>) in a file of `room`
local function objection(room, bracket, name)
  if bracket == "<" then
    for _, library in ipairs(libraries) do
      if name:find(library.pattern) and not contains(library.rooms, room) then
        return ("%s may not include <%s>; only %s may"):format(room, name, table.concat(library.rooms, ", "))
      end
    end
    return nil
  end
  local other = name:match "^([%w_]+)/[%w_/]+%.h$"
  if not other or not rooms[other] then return ('"%s" is not of the form "room/file.h"'):format(name) end
  if other ~= room and not contains(rooms[room], other) and not contains(rooms[room], name) then
    return ('%s may not include "%s"'):format(room, name)
  end
end

local function check(tree, path, complain)
  local room = path:match "^csrc/([^/]+)/[^/]+$" or path:match "^csrc/([^/]+)/[^/]+/[^/]+$"
  if not room or not rooms[room] then return complain(path, 1, "not in a room") end
  local number = 0
  for line in io.lines(tree .. "/" .. path) do
    number = number + 1
    local what = line:match "^%s*#%s*include(.*)"
    if what then
      local bracket, name = what:match '^%s*([<"])([^>"]+)[>"]'
      local wrong = bracket and objection(room, bracket, name) or not bracket and "an include that names no file"
      if wrong then complain(path, number, wrong) end
    end
  end
end

local tree = arg[1] or "."
local files, wrong = 0, 0
local function complain(path, line, message)
  wrong = wrong + 1
  io.stderr:write(("%s:%d: %s\n"):format(path, line, message))
end
local list = assert(io.popen(("cd '%s' && find csrc -name '*.[ch]' | LC_ALL=C sort"):format(tree:gsub("'", "'\\''"))))
for path in list:lines() do
  files = files + 1
  check(tree, path, complain)
end
assert(list:close())
if files == 0 then complain("csrc", 1, "no files") end
print(("rooms: %d files, %d wrong"):format(files, wrong))
os.exit(wrong == 0, true)
