-- Programs written for LuaSec, run as they are: once with LuaSec and once with bearssl.luasec in its place, so that
-- what the first one does is what the second one has to do.
--
--   for _, side in ipairs(foreign.sides) do         "LuaSec", "bearssl"
--     local run <close> = foreign.start(side, "lua5.4 program.lua")
--     foreign.loaded(run, side)                       raises unless the process runs on that side's library
--
--   local ca <close> = foreign.authority()            a folder with ca.pem, and what it issues
--   ca:issue("name", { names = { "a.example" }, kind = "rsa2048" })  → ca.dir/name.crt, ca.dir/name.key
local child = require "spec.support.child"
local mkcert = require "bearssl.mkcert"
local peer = require "spec.support.peer"

local foreign = { sides = { "LuaSec", "bearssl" } }

local function quoted(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

-- What the specs' own environment adds to a program's, so that a sanitized module is loaded by its own interpreter.
-- What the program leaves behind itself is its own affair.
local function sanitizers()
  return ("PATH=%s ASAN_OPTIONS=%s UBSAN_OPTIONS=%s"):format(quoted(os.getenv "PATH"),
    quoted((os.getenv "ASAN_OPTIONS" or "") .. ":detect_leaks=0"), quoted(os.getenv "UBSAN_OPTIONS" or ""))
end

-- A command line's beginning. LuaSec: Debian's, found where Debian's programs look. more: assignments; a path in it
-- for modules comes before all others.
function foreign.environment(side, more, modules)
  local path = modules and ("%s/?.lua;%s/?/init.lua;"):format(modules, modules) or ""
  if side == "LuaSec" then return ("env LUA_PATH=%s %s"):format(quoted(path .. ";;"), more or "") end
  local paths = child:gsub("LUA_PATH='", "LUA_PATH='" .. path, 1)
  return ("env %s %s LUA_INIT=%s %s"):format(paths, sanitizers(), quoted "require 'bearssl.luasec'", more or "")
end

-- The folder of the project, for scripts of spec/support as programs.
foreign.top = require "lfs".currentdir()

-- A held process, as of peer.start. options: environment, modules (of environment); input, files, life (of start)
function foreign.start(side, command, options)
  options = options or {}
  return peer.start(foreign.environment(side, options.environment, options.modules) .. " " .. command,
    options.input, options.files, options.life)
end

-- Runs to its end: what it printed, and its status.
function foreign.run(side, command, options)
  local all = { input = "" }
  for name, value in pairs(options or {}) do all[name] = value end
  local status, out = foreign.start(side, command, all):finish()
  return out, status
end

local function mapped(pid)
  local file <close> = assert(io.open(("/proc/%d/maps"):format(pid)))
  return file:read "a"
end

-- `timeout` is the process that we hold; the program is its child.
local function children(pid)
  local file = io.open(("/proc/%d/task/%d/children"):format(pid, pid))
  local list = {}
  for number in (file and file:read "a" or ""):gmatch "%d+" do list[#list + 1] = math.tointeger(tonumber(number)) end
  if file then file:close() end
  return list
end

local function program(pid)
  local below = children(pid)[1]
  return below and program(below) or pid
end

-- The process id of the program itself.
function foreign.pid(process)
  return program(process.pid)
end

-- That the program has this side's library in its memory, and not the other one's.
function foreign.loaded(process, side)
  local maps = mapped(foreign.pid(process))
  local ours, theirs = maps:find("bearssl/core.so", 1, true), maps:find "/libssl[^/\n]*%.so"
  local wanted, other = ours, theirs
  if side == "LuaSec" then wanted, other = theirs, ours end
  assert(wanted, side .. " is not loaded:\n" .. maps)
  assert(not other, "the other library is loaded as well as " .. side .. ":\n" .. maps)
end

-- Certificates ----------------------------------------------------------------------------------------------------

local authority = {}
authority.__index = authority

local kinds = { p256 = "P-256", rsa2048 = "rsa-2048" }

local function folder()
  local dir = os.tmpname() .. ".d"
  assert(os.execute(("rm %s; mkdir -m 700 %s"):format(dir:sub(1, -3), dir)))
  return dir
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

-- name.crt and name.key in the authority's folder, or in options.dir. names: as mkcert has them.
function authority:issue(name, options)
  local path = (options.dir or self.dir) .. "/" .. name
  local issued = assert(self.own:issue {
    subject = "CN=" .. (options.cn or name), names = options.names, purpose = { "server", "client" },
    key = kinds[options.kind or "p256"], days = options.days or 30,
  })
  assert(issued.key:save(path .. ".key", true))
  write(path .. ".crt", issued.certificate:pem())
end

function authority:__close()
  os.execute("rm -r " .. self.dir)
end

function foreign.authority(name)
  local own = assert(mkcert.authority { name = "CN=" .. (name or "Test authority"), days = 30 })
  local self = setmetatable({ dir = folder(), own = own }, authority)
  assert(own:save(self.dir .. "/ca.pem", self.dir .. "/ca.key"))
  return self
end

-- Ports that were free a moment ago, all different.
function foreign.ports(count)
  local held, ports = {}, {}
  for i = 1, count do
    held[i] = peer.listen()
    ports[i] = held[i].port
  end
  for _, listener in ipairs(held) do listener.tcp:close() end
  return table.unpack(ports)
end

return foreign
