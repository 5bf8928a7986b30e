-- What the benchmarks share: arguments, clocks, memory, output, and the stack under test.
local bench = {}

-- name=value arguments over a table of defaults; a default that is a string keeps it one
function bench.arguments(defaults)
  local options = {}
  for name, value in pairs(defaults) do options[name] = value end
  for _, argument in ipairs(arg) do
    local name, value = argument:match "^([%w_]+)=(.*)$"
    if not name then error("bad argument " .. argument .. " (name=value is needed)", 0) end
    options[name] = type(defaults[name]) ~= "string" and tonumber(value) or value
  end
  return options
end

-- Resident and private bytes of this process.
function bench.memory()
  collectgarbage()
  collectgarbage()
  local found = {}
  for line in io.lines "/proc/self/smaps_rollup" do
    local name, kib = line:match "^([%w_]+):%s+(%d+)"
    if name then found[name] = tonumber(kib) * 1024 end
  end
  return found.Rss, found.Private_Dirty
end

function bench.row(name, metric, value, unit)
  io.stdout:write(("%s\t%s\t%.6g\t%s\n"):format(name, metric, value, unit))
  io.stdout:flush()
end

-- what/stack/…/version; TCP alone has no version.
function bench.name(what, options, ...)
  local parts = { what, options.stack, ... }
  if options.version ~= "" then parts[#parts + 1] = options.version end
  return table.concat(parts, "/")
end

local ciphers = { aes128gcm = "AES_128_GCM_SHA256", chacha20 = "CHACHA20_POLY1305_SHA256" }

-- The suite of a version for a kind of key: IANA's name of it.
function bench.suite(options)
  local cipher = assert(ciphers[options.cipher])
  if options.version == "1.3" then return "TLS_" .. cipher end
  return ("TLS_ECDHE_%s_WITH_%s"):format(options.kind == "p256" and "ECDSA" or "RSA", cipher)
end

function bench.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- A listener on a port of its choice, which bench/run waits for.
function bench.listen()
  local socket = require "socket"
  local listener = assert(socket.bind("127.0.0.1", 0, 1024))
  local _, port = listener:getsockname()
  io.stderr:write(("ready %d\n"):format(port))
  return listener
end

function bench.accept(listener)
  local tcp = assert(listener:accept())
  tcp:setoption("tcp-nodelay", true)
  return tcp
end

function bench.connect(port)
  local tcp = assert(require "socket".connect("127.0.0.1", port))
  tcp:setoption("tcp-nodelay", true)
  return tcp
end

-- Calls act(i) so many times; the seconds of CPU time that one call took.
function bench.each(count, act)
  local start = os.clock()
  for i = 1, count do act(i) end
  return (os.clock() - start) / count
end

-- stacks/NAME.lua: client(options), server(options) give a config; open(config, tcp, name, session, early_data) a
-- connection after its handshake; session(connection), describe(connection); parse(pem), inspect(pem); trust(path,
-- certificate): trusted roots up to their first use.
function bench.stack(name)
  return require("stacks." .. name)
end

return bench
