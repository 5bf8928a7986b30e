-- Programs written for LuaSec, run as they are: once with LuaSec and once with bearssl.luasec in its place, so that
-- what the first one does is what the second one has to do.
--
--   for _, side in ipairs(foreign.sides) do         "LuaSec", "bearssl"
--     local run <close> = foreign.start(side, "lua5.4 program.lua")
--     foreign.loaded(run, side)                       raises unless the process runs on that side's library
--
--   local ca <close> = foreign.authority()            a folder with ca.pem, and what it issues
--   ca:issue("name", { names = "DNS:a.example", kind = "rsa2048" })  → ca.dir/name.crt, ca.dir/name.key
local peer = require "spec.support.peer"
local child = require "spec.support.child"

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

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  local out = pipe:read "a"
  if not pipe:close() then error(command .. "\n" .. out, 2) end
end

local new_key = {
  p256 = "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
  rsa2048 = "-newkey rsa:2048",
}

local function folder()
  local dir = os.tmpname() .. ".d"
  run(("rm %s; mkdir -m 700 %s"):format(dir:sub(1, -3), dir))
  return dir
end

local extension = "-addext %s "

-- name.crt and name.key in the authority's folder, or in options.dir. names: subjectAltName as openssl writes it.
function authority:issue(name, options)
  local path = (options.dir or self.dir) .. "/" .. name
  local extensions = { "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth,clientAuth", options.names and "subjectAltName=" .. options.names }
  local words = ""
  for _, text in ipairs(extensions) do words = words .. extension:format(quoted(text)) end
  run(("openssl req -x509 -config %s/req.cnf -CA %s/ca.pem -CAkey %s/ca.key -nodes %s -days %d -sha256 -subj /CN=%s %s "
    .. "-keyout %s.key -out %s.crt"):format(self.dir, self.dir, self.dir, new_key[options.kind or "p256"],
    options.days or 30, options.cn or name, words, path, path))
end

function authority:__close()
  os.execute("rm -r " .. self.dir)
end

function foreign.authority(name)
  local self = setmetatable({ dir = folder() }, authority)
  local file <close> = assert(io.open(self.dir .. "/req.cnf", "w"))
  file:write "[req]\ndistinguished_name=none\n[none]\n"
  file:close()
  run(("openssl req -x509 -config %s/req.cnf -nodes %s -days 30 -sha256 -subj '/CN=%s' -addext "
    .. "basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout %s/ca.key -out %s/ca.pem")
    :format(self.dir, new_key.p256, name or "Test authority", self.dir, self.dir))
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
