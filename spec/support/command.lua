-- The command `bearssl` as a user starts it, under the interpreter and the modules of this process.
--
--   local status, out, err = command { "cert", "localhost:443" }
--       also, in the table: input = standard input, env = "NAME=value …", dir = the folder to start in, files of
--       standard output: to = path
--   local server <close> = command.start { "serve", … }   held; server:wait_for(pattern), server:signal "INT",
--                                                         server:finish() -> status, all that it printed
local child = require "spec.support.child"
local socket = require "socket"

local LIMIT = 60 -- seconds that we wait for anything

local top = io.popen "pwd":read "l"
local program = top .. "/lua/bin/bearssl"

local command = { program = program }

local function quoted(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end
command.quoted = quoted

local function words(args)
  local list = {}
  for i, word in ipairs(args) do list[i] = quoted(word) end
  return table.concat(list, " ")
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local unset = {}
for name in ([[NO_COLOR https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY SSL_CERT_FILE SSL_CERT_DIR COLUMNS
    BEARSSL_ACCEL]]):gmatch "%S+" do
  unset[#unset + 1] = "-u " .. name
end

-- The command line, in the environment of a shell without colours and proxies.
local function line(args)
  return ("cd %s; env %s %s %s lua5.4 %s %s"):format(quoted(args.dir or "."), table.concat(unset, " "), child,
    args.env or "", quoted(program), words(args))
end
command.line = line

function command.run(args)
  local dir = os.tmpname() .. ".d"
  assert(os.execute(("rm %s; mkdir -m 700 %s"):format(dir:sub(1, -3), dir)))
  write(dir .. "/in", args.input or "")
  local to = args.to and quoted(args.to) or dir .. "/out"
  local shell = ("%s <%s/in >%s 2>%s/err; echo $?"):format("timeout 120 sh -c " .. quoted(line(args)), dir, to, dir)
  local pipe <close> = assert(io.popen(shell))
  local status = pipe:read "n"
  local out, err = args.to and "" or read(dir .. "/out"), read(dir .. "/err")
  os.execute("rm -r " .. dir)
  return status, out, err
end

local held = {}
held.__index = held

function command.start(args)
  local dir = os.tmpname() .. ".d"
  assert(os.execute(("rm %s; mkdir -m 700 %s; : >%s/out"):format(dir:sub(1, -3), dir, dir)))
  local shell = "exec " .. line(args):gsub("^cd '([^']*)'; env", "env -C '%1'")
  local pipe = assert(io.popen(("{ %s; } >%s/out 2>&1 </dev/null & echo $!; wait $!; echo $?"):format(shell, dir)))
  return setmetatable({ dir = dir, pipe = pipe, pid = assert(pipe:read("n", "l")) }, held)
end

function held:output()
  return self.kept or read(self.dir .. "/out")
end

function held:wait_for(pattern)
  local deadline = socket.gettime() + LIMIT
  repeat
    local found = table.pack(self:output():find(pattern))
    if found[1] then return table.unpack(found, 3, found.n) end
    socket.sleep(0.01)
  until socket.gettime() > deadline
  error(("it never prints %q:\n%s"):format(pattern, self:output()), 2)
end

function held:signal(name)
  os.execute(("kill -%s %d 2>/dev/null"):format(name, self.pid))
end

function held:finish()
  if not self.status then
    self.status = self.pipe:read "n" or -1
    self.pipe:close()
    self.kept = read(self.dir .. "/out")
    os.execute("rm -r " .. self.dir)
  end
  return self.status, self.kept
end

function held:__close()
  if not self.status then
    self:signal "TERM"
    self:signal "TERM" -- the second time nothing is waited for
    self:finish()
  end
end

return setmetatable(command, { __call = function(_, args) return command.run(args) end })
