-- raw.lua FOLDER [--keep-testssl] ID... - asks servers of spec.support.audit_servers by bearssl.audit, sslscan and
-- testssl.sh, and keeps what each said, and how long it took, in FOLDER/ID.json; raw.lua --list: the IDs.
-- With --keep-testssl only the other two are asked again.
local audit = require "bearssl.audit"
local dkjson = require "dkjson"
local pki = require "spec.support.pki"
local servers = require "spec.support.audit_servers"
local socket = require "socket"

local raw = {}

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a" or ""
end

local function timed(fn, ...)
  local start = socket.gettime()
  local result = fn(...)
  return result, socket.gettime() - start
end

local function ours(server, row)
  return assert(audit.run("127.0.0.1", server.port, {
    name = "localhost", trust = pki.roots, http = row.http or false, timeout = 10,
  }))
end

-- What sslscan writes as XML.
local function sslscan(server)
  local path = os.tmpname()
  local command = "sslscan --no-colour --show-sigs --timeout=30 --xml=%s localhost:%d >%s.out 2>&1"
  os.execute(command:format(path, server.port, path))
  local text = read(path)
  os.execute(("rm -f %s %s.out"):format(path, path))
  return text
end

-- testssl.sh's findings by their id; of several with one id, the first.
local function testssl(server, row)
  local path = os.tmpname()
  os.remove(path)
  os.execute(("testssl --quiet --color 0 --warnings off --add-ca %s %s -p -P -f -S -h -U --jsonfile %s localhost:%d "
    .. ">%s.out 2>&1 </dev/null"):format(pki.roots, row.http and "" or "--assume-http", path, server.port, path))
  local found = {}
  local text = read(path)
  for id, finding in text:gmatch '"id"%s*:%s*"([^"]*)".-"finding"%s*:%s*"([^"]*)"' do
    found[id] = found[id] or finding
  end
  os.execute(("rm -f %s %s.out"):format(path, path))
  return found
end

-- All that the three say of a row's server; `before`: what was kept of testssl.sh, which takes minutes; false: nothing.
function raw.ask(row, before)
  local server <close> = row.start()
  local all = { id = row.id, what = row.what, seconds = {}, pki = pki.dir:match "[^/]*$" }
  all.audit, all.seconds.audit = timed(ours, server, row)
  all.sslscan, all.seconds.sslscan = timed(sslscan, server)
  if before then
    all.testssl, all.seconds.testssl = before.testssl, before.seconds.testssl
    for id in pairs(before.pki ~= all.pki and before.testssl or {}) do -- those certificates are no more
      if id:find "^cert_fingerprint" then all.testssl[id] = nil end
    end
  elseif before == nil then
    all.testssl, all.seconds.testssl = timed(testssl, server, row)
  end
  return all
end

function raw.keep(folder, all)
  local file <close> = assert(io.open(("%s/%s.json"):format(folder, all.id), "wb"))
  assert(file:write(dkjson.encode(all)))
end

function raw.load(folder, id)
  return (dkjson.decode(read(("%s/%s.json"):format(folder, id))))
end

if arg and arg[0] and arg[0]:find "raw%.lua$" then
  for _, row in ipairs(servers) do
    if arg[1] == "--list" then print(row.id) end
  end
  local keep = arg[2] == "--keep-testssl"
  for i = 2, #arg do
    for _, row in ipairs(servers) do
      local before = nil
      if keep then before = raw.load(arg[1], row.id) or false end
      if row.id == arg[i] then raw.keep(arg[1], raw.ask(row, before)) end
    end
  end
end

return raw
