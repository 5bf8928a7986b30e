-- SPDX-License-Identifier: MIT
-- chromium.lua - the part of run.lua where headless Chromium loads pages from our HTTPS server. Each case is a browser
-- of its own, with a home of its own, where an NSS database has the one root that it trusts, so that it verifies chain
-- and name as ever. What the page became is what --dump-dom prints; the server looks at what was agreed.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local socket = require "socket"
local tls = require "spec.support.tls"

local chromium = {}

local programs = { "chromium", "certutil" }
local versions = { "1.3", "1.2" }

local SECONDS = 30 -- that one browser may run

local launch = [[
mkdir -p @/.pki/nssdb @/profile @/tmp
certutil -N -d sql:@/.pki/nssdb --empty-password
certutil -A -d sql:@/.pki/nssdb -n root -t C,, -a -i %s
HOME=@/ TMPDIR=@/tmp exec chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
  --disable-background-networking --user-data-dir=@/profile --virtual-time-budget=20000 --dump-dom https://localhost:%d/
]]

-- The pages --------------------------------------------------------------------------------------------------------

local page = [[
<!doctype html><title>page</title><body>no script</body><script>
  const done = text => { document.body.textContent = "[" + text + "]"; };
  %s
</script>
]]

local loaded = [[done("loaded");]]
-- a connection opened ahead, before the first ticket came, may serve the second load
local loaded_again = [[
  const next = { "/": "/second", "/second": "/third" }[location.pathname];
  next ? location.replace(next) : done("loaded");
]]
local posted = [[
  const sent = Uint8Array.from({ length: 1 << 20 }, (_, i) => i * i >> 7);
  fetch("/echo", { method: "POST", body: sent }).then(answer => answer.arrayBuffer()).then(back => {
    const bytes = new Uint8Array(back);
    done(bytes.length == sent.length && bytes.every((x, i) => x == sent[i]) ? "loaded" : "other bytes came back");
  }, done);
]]

-- The server: a coroutine for each connection, since a browser opens some ahead of need ------------------------------

-- Calls a method until it needs no more waiting. `again` makes the arguments of the next call of what came so far.
local function patiently(method, sock, again, ...)
  local result, err, partial = method(sock, ...)
  while err == "wantread" or err == "wantwrite" do
    coroutine.yield(err)
    result, err, partial = method(sock, again(partial))
  end
  return result, err
end

local function receive(sock, pattern)
  return patiently(sock.receive, sock, function(partial) return pattern, partial end, pattern)
end

local function send(sock, data)
  return patiently(sock.send, sock, function(last) return data, last + 1 end, data)
end

local function request_of(sock)
  local line = receive(sock, "*l")
  if not line then return nil end
  local size = 0
  repeat
    local header = assert(receive(sock, "*l"))
    size = tonumber(header:lower():match "^content%-length: *(%d+)$") or size
  until header == ""
  return line, size > 0 and assert(receive(sock, size)) or ""
end

-- One connection, with one request; none where it was opened ahead of need. `seen` gets what the check looks at.
local function serve(sock, case, seen)
  local ok, err = patiently(sock.handshake, sock, function() end)
  if not ok then
    seen.refused = err
    return
  end
  local line, body = request_of(sock)
  if line then
    local path = line:match "^%u+ (%S+) HTTP/1%.1$"
    seen.info[path], seen.certificates, seen.steps = sock:info(), sock:peer_certificates(), sock:trace()
    if path ~= "/echo" then body = page:format(case.script or loaded) end
    send(sock, ("HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"):format(
      path == "/favicon.ico" and "404 Not Found" or "200 OK", #body, body))
  end
end

local function accept(config, listener, tasks, case, seen)
  local sock = assert(config:wrap(listener:accept()))
  sock:settimeout(0)
  tasks[#tasks + 1] = { sock = sock, thread = coroutine.create(serve), arguments = { sock, case, seen } }
end

-- Goes on with what can, and drops what is done.
local function advance(tasks, seen)
  for i = #tasks, 1, -1 do
    local task = tasks[i]
    local ok, wants = coroutine.resume(task.thread, table.unpack(task.arguments))
    task.wants, task.arguments = wants, {}
    if not ok then seen.failed = wants end
    if coroutine.status(task.thread) == "dead" then
      task.sock:close()
      table.remove(tasks, i)
    end
  end
end

local function wait(listener, tasks)
  local readers, writers = { listener.tcp }, {}
  for _, task in ipairs(tasks) do
    local list = task.wants == "wantwrite" and writers or readers
    list[#list + 1] = task.sock
  end
  return socket.select(readers, writers, 0.1)[listener.tcp]
end

local function serve_until_it_ends(browser, config, listener, case)
  local seen, tasks, deadline = { info = {} }, {}, socket.gettime() + SECONDS
  while browser:running() and socket.gettime() < deadline do
    if wait(listener, tasks) then accept(config, listener, tasks, case, seen) end
    advance(tasks, seen)
  end
  for _, task in ipairs(tasks) do task.sock:close() end
  return seen
end

-- The cases --------------------------------------------------------------------------------------------------------

local function has(path, field, value)
  return function(seen)
    local info = seen.info[path]
    if info[field] ~= value then return ("%s is %s"):format(field, tostring(info[field])) end
  end
end

local function asked_in_vain(seen)
  local asked = false
  for _, step in ipairs(seen.steps) do asked = asked or step.name == "CertificateRequest" end
  return not asked and "it was not asked" or seen.certificates and "a certificate came"
end

local only_p384 = { groups = { "secp384r1" } }

-- name; kind of the server's key, or the chain itself; ours: options; script of the page; check(seen); versions;
-- refused: the alert that it must send instead
local cases = {
  { name = "key of kind p256" },
  { name = "key of kind rsa2048", kind = "rsa2048" },
  { name = "ALPN", ours = { alpn = { "http/1.1" } }, check = has("/", "alpn", "http/1.1") },
  { name = "server_name", check = has("/", "server_name", "localhost") },
  { name = "resumed", script = loaded_again, check = has("/third", "resumed", true) },
  { name = "no client certificate for a server that asks", ours = { client_auth = "request", client_trust = pki.roots },
    check = asked_in_vain },
  { name = "a megabyte each way, by fetch", script = posted, check = has("/echo", "server_name", "localhost") },
  -- in 1.2 the groups are also the curves of certificates (RFC 8422 section 5.1)
  { name = "group secp384r1", kind = "rsa2048", ours = only_p384, check = has("/", "group", "secp384r1") },
  { name = "HelloRetryRequest", ours = only_p384, check = has("/", "round_trips", 2), version = "1.3" },
  { name = "unknown root: refused", pair = pki.bad.unknown_ca, refused = "certificate_unknown" },
  { name = "another name: refused", pair = pki.bad.other_name, refused = "certificate_unknown" },
}

local function wrong(case, seen, dom)
  if seen.failed then return tostring(seen.failed) end
  if case.refused then
    return not (seen.refused and seen.refused.alert == case.refused) and "not refused: " .. tostring(seen.refused)
  end
  if not dom:find("<body>[loaded]", 1, true) then return ("%s: %s"):format(tostring(seen.refused), dom) end
  return case.check and case.check(seen)
end

-- "yes", or "FAILED" and why.
local function outcome(case, version)
  local kind = case.kind or "p256"
  local options = { engine = "native", min_version = version, max_version = version, trace = true }
  for name, value in pairs(case.ours or {}) do options[name] = value end
  local config = tls.server(case.pair or pki.server[kind], options)
  local listener <close> = peer.listen()
  local browser <close> = peer.start("sh @/launch", "", { launch = launch:format(pki.root[kind], listener.port) })
  local seen = serve_until_it_ends(browser, config, listener, case)
  browser:stop()
  local _, dom = browser:finish()
  local why = wrong(case, seen, dom)
  return why and "FAILED" or "yes", why
end

-- What is missing for it to run, or nil.
function chromium.missing()
  for _, program in ipairs(programs) do
    if not os.execute("command -v " .. program .. " >/dev/null") then return program end
  end
end

chromium.version = "chromium --version 2>/dev/null | cut -d' ' -f2"

-- Runs the cases: each row to `row`, each failure to standard error; gives how many failed.
function chromium.run(row)
  local bad = 0
  for _, case in ipairs(cases) do
    local cells = {}
    for i, version in ipairs(versions) do
      local cell, why = "-", nil
      if not case.version or case.version == version then cell, why = outcome(case, version) end
      if why then
        bad = bad + 1
        io.stderr:write(("Chromium, TLS %s, %s: %s\n"):format(version, case.name, why))
      end
      cells[i] = cell
    end
    row(("| %s | %s |"):format(case.name, table.concat(cells, " | ")))
  end
  return bad
end

return chromium
