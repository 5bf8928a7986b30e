-- SPDX-License-Identifier: MIT
-- run.lua [OUTPUT] - `make interop`: our client and our server with TLS stacks that others wrote, in TLS 1.3 and 1.2.
-- Writes the matrix (docs/interop.md); status 1 where a cell failed that should not.
--
-- A peer is a program: PEER server|client NAME=VALUE... with cafile, certificate and key (p12 for Java), times
-- (connections, one after another, resumed where it can), alpn, client_auth, group (the only one), early, port. The
-- client sends "LENGTH\n" and as many bytes, which are its standard input; the server sends them back and leaves. A
-- server prints "port N", a client "same LENGTH". With `http`, the server answers a request of HTTP instead.
-- A browser is no such peer: chromium.lua has cases of its own.
local chromium = require "spec.interop.chromium"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local top = assert(io.popen "pwd"):read "l"
local build = top .. "/build/interop"

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local out = pipe:read "a"
  if not pipe:close() then error(command .. "\n" .. out, 0) end
  return out
end

-- The peers --------------------------------------------------------------------------------------------------------

local function words(options)
  local list = {}
  for name, value in pairs(options) do list[#list + 1] = ("%s='%s'"):format(name, value) end
  table.sort(list)
  return table.concat(list, " ")
end

local function plain(program)
  return function(role, options) return ("%s %s %s"):format(program, role, words(options)) end
end

-- Java reads PKCS #12, and has its groups from a property.
local function java(role, options)
  local all, property = {}, ""
  for name, value in pairs(options) do all[name] = value end
  if all.certificate then
    all.p12 = build .. "/" .. all.key:match "([^/]*)%.key$" .. ".p12"
    run(("openssl pkcs12 -export -in %s -inkey %s -passout pass:secret -out %s"):format(all.certificate, all.key,
      all.p12))
    all.certificate, all.key = nil, nil
  end
  if all.group then
    property, all.group = "-Djdk.tls.namedGroups=" .. all.group, nil
  end
  return ("java -Xshare:auto -XX:TieredStopAtLevel=1 %s -cp %s Peer %s %s"):format(property, build, role, words(all))
end

local source = top .. "/spec/interop"
local peers = {
  { name = "Go crypto/tls", make = ("go build -o %s/go-peer %s/peer.go"):format(build, source),
    version = "go version | cut -d' ' -f3", command = plain(build .. "/go-peer"), lacks = { "early data" } },
  { name = "rustls", make = ("cargo build -q --release --manifest-path %s/rustls/Cargo.toml --target-dir %s/rustls")
      :format(source, build),
    version = ([[sed -n '/^name = "rustls"/{n;s/version = "\(.*\)"/\1, with ring/p}' %s/rustls/Cargo.lock]])
      :format(source),
    command = plain(build .. "/rustls/release/interop"), lacks = { "key of kind p521", "group secp521r1" } },
  { name = "Java JSSE", make = ("javac -d %s %s/Peer.java"):format(build, source),
    version = "java -version 2>&1 | sed -n '1s/.*\"\\(.*\\)\".*/\\1/p'", command = java, lacks = { "early data" } },
  { name = "Node", version = "node -p 'process.version + \", OpenSSL \" + process.versions.openssl'",
    command = plain("node " .. source .. "/peer.js"), lacks = { "early data" } },
  { name = "Python ssl", version = "python3 -c 'import sys, ssl; print(sys.version.split()[0], ssl.OPENSSL_VERSION)'",
    command = plain("python3 " .. source .. "/peer.py"), lacks = { "early data" } },
  { name = "NSS", version = "strings $(ldd $(command -v selfserv) | sed -n 's/.*=> \\(.*libnss3.so\\) .*/\\1/p') "
      .. "| sed -n 's/.*Version: NSS \\([0-9.]*\\).*/\\1/p' | head -n 1", program = "selfserv",
    command = plain("python3 " .. source .. "/nss.py"), http = true,
    -- its server takes no early data in its first seconds, as a guard against replay; its client stays to the end
    lacks = { "key of kind ed25519", "ALPN", "resumed by its client", "early data" }, leaves_last = true },
}

-- The cases --------------------------------------------------------------------------------------------------------

-- name; kind of the server's key; ours, theirs: options; times; before(sock): what we do once connected; check(info)
local function cases_of(version)
  local list = {}
  local function add(case)
    case.kind, case.ours, case.theirs = case.kind or "p256", case.ours or {}, case.theirs or {}
    list[#list + 1] = case
  end
  local function has(field, value)
    return function(info)
      if info[field] ~= value then return ("%s is %s"):format(field, tostring(info[field])) end
    end
  end

  for _, kind in ipairs { "rsa2048", "rsa4096", "p256", "p384", "p521", "ed25519" } do
    add { name = "key of kind " .. kind, kind = kind }
  end
  for _, suite in ipairs(version == "1.3"
    and { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256" }
    or { "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" }) do
    add { name = suite, ours = { cipher_suites = { suite } }, check = has("cipher_suite", suite) }
  end
  for _, group in ipairs { "x25519", "secp256r1", "secp384r1", "secp521r1" } do
    -- in 1.2 the groups are also the curves of certificates (RFC 8422 section 5.1)
    add { name = "group " .. group, kind = "rsa2048", ours = { groups = { group } }, check = has("group", group) }
  end
  for _, kind in ipairs { "p256", "rsa2048" } do add { name = "client certificate, " .. kind, mutual = kind } end
  add { name = "ALPN", ours = { alpn = { "x", "h2" } }, theirs = { alpn = "h2,y" }, check = has("alpn", "h2") }
  add { name = "resumed", times = 2, check = has("resumed", true) }
  add { name = "a megabyte each way", size = 1 << 20 }
  if version == "1.3" then
    add { name = "HelloRetryRequest", retry = true, check = has("round_trips", 2) }
    add { name = "key update", before = function(sock) return sock:update_keys(true) end }
    add { name = "early data", early = true, times = 2, theirs = { early = "yes" },
      check = has("early_data", "accepted") }
  end
  return list
end

-- One connection ---------------------------------------------------------------------------------------------------

local function with(...)
  local all = {}
  for _, options in ipairs { ... } do
    for name, value in pairs(options) do all[name] = value end
  end
  return all
end

local function text_of(case)
  return tls.bytes(case.size or 5000)
end

local function ends_in_order(sock)
  local _, err = sock:receive(1)
  if err ~= "closed" then error("no close_notify: " .. tostring(err), 0) end
end

-- A page of a server of HTTP; gives the session.
local function fetch(case, config, port, session)
  local request = "GET / HTTP/1.0\r\n\r\n"
  local early = session and case.early and request or nil
  local sock <close> = assert(tls.connect(config, port, { session = session, early_data = early }))
  if case.before then assert(case.before(sock)) end
  if not early then assert(sock:send(request)) end
  if not assert(sock:receive "*a"):find("200 OK", 1, true) then error("no page", 0) end
  return sock:info(), (sock:session())
end

-- Our client's side of the echo; gives the session.
local function ask(case, config, port, session)
  local text = text_of(case)
  local early = session and case.early and ("%d\n"):format(#text) or nil
  local sock <close> = assert(tls.connect(config, port, { session = session, early_data = early }))
  if case.before then assert(case.before(sock)) end
  if not early then assert(sock:send(#text .. "\n")) end
  assert(sock:send(text))
  if assert(sock:receive(#text)) ~= text then error("other bytes came back", 0) end
  local info, next_session = sock:info(), sock:session()
  ends_in_order(sock)
  return info, next_session
end

local function answer(case, config, listener, leaves_last)
  local sock <close> = assert(tls.accept(config, listener))
  if case.before then assert(case.before(sock)) end
  local size = assert(tonumber((assert(sock:receive "*l"))))
  assert(sock:send((assert(sock:receive(size)))))
  local info = sock:info()
  if not leaves_last then ends_in_order(sock) end
  return info
end

local function our_client(program, case, version)
  local pair = pki.server[case.kind]
  local mine = case.mutual and pki.client[case.mutual]
  local process <close> = peer.start(program.command("server", with({ cafile = pki.roots, times = case.times or 1,
    certificate = pair.certificate, key = pair.key }, case.theirs, case.mutual and { client_auth = "require" } or {},
    case.retry and { group = "secp384r1" } or {})))
  local port = math.tointeger(tonumber((process:wait_for "port (%d+)")))
  local config = tls.client(with({ engine = "native", min_version = version, max_version = version }, case.ours,
    mine and { certificate = mine.certificate, key = mine.key } or {}, case.early and { early_data = true } or {}))
  local info, session
  local once = program.http and fetch or ask
  for _ = 1, case.times or 1 do info, session = once(case, config, port, session) end
  return info
end

local function our_server(program, case, version)
  local pair = pki.server[case.kind]
  local theirs = case.mutual and pki.client[case.mutual]
  local config = tls.server(pair, with({ engine = "native", min_version = version, max_version = version }, case.ours,
    case.mutual and { client_auth = "require", client_trust = pki.roots } or {},
    case.retry and { groups = { "secp521r1", "secp384r1" } } or {},
    case.early and { max_early_data = true, early_data_guard = function() return true end } or {}))
  local listener <close> = peer.listen()
  local process <close> = peer.start(program.command("client", with({ cafile = pki.roots, port = listener.port,
    times = case.times or 1 }, case.theirs, theirs and { certificate = theirs.certificate, key = theirs.key } or {})),
    text_of(case))
  local info
  for turn = 1, case.times or 1 do
    info = answer(case, config, listener, program.leaves_last)
    process:wait_for(("same %d.*"):format(#text_of(case)):rep(turn))
  end
  return info
end

local function lacks(program, case, way)
  for _, name in ipairs(program.lacks) do
    if name == case.name or way == our_server and case.times and name:find(case.name .. " ", 1, true) == 1 then
      return true
    end
  end
end

-- "yes", or "FAILED" and why.
local function outcome(way, program, case, version)
  local ok, info = pcall(way, program, case, version)
  if not ok then return "FAILED", tostring(info) end
  local wrong = info.version ~= "TLSv" .. version and info.version or case.check and case.check(info)
  if wrong then return "FAILED", wrong end
  return "yes"
end

-- The document -----------------------------------------------------------------------------------------------------

local lines = {}
local function line(text, ...) lines[#lines + 1] = text:format(...) end

local function table_of(title, way, version, program_list)
  local bad, head, rule = 0, "| |", "| --- |"
  for _, program in ipairs(program_list) do head, rule = head .. " " .. program.name .. " |", rule .. " --- |" end
  line("\n## %s, TLS %s\n\n%s\n%s", title, version, head, rule)
  for _, case in ipairs(cases_of(version)) do
    local row = "| " .. case.name .. " |"
    for _, program in ipairs(program_list) do
      local cell, why = "-", nil
      if not lacks(program, case, way) then cell, why = outcome(way, program, case, version) end
      if why then
        bad = bad + 1
        io.stderr:write(("%s, TLS %s, %s, %s: %s\n"):format(title, version, program.name, case.name, why))
      end
      row = row .. " " .. cell .. " |"
    end
    line("%s", row)
    print(row)
  end
  return bad
end

-- The browser's own table, or none where it is not installed.
local function browser_table(missing)
  if missing then return 0 end
  line [[

## Our server, Chromium

Headless, each case a browser of its own, which trusts the test's root by its NSS database and verifies chain and name.

| | TLS 1.3 | TLS 1.2 |
| --- | --- | --- |]]
  return chromium.run(function(row)
    line("%s", row)
    print(row)
  end)
end

local function main(output)
  run("mkdir -p " .. build)
  line [[
# Interoperability

Written by `make interop`. Each cell is a handshake, an echo, and an end with close_notify from both sides, with a
program of a few lines on the other stack (`spec/interop`), verifying chain and name; the version, suite, group and so
on are looked at as they were agreed. "-": the other stack, or its tool, has no such thing. (NSS's server answers with
a page instead, and its client waits for us to end.) OpenSSL, GnuTLS, nginx, curl and LuaSec are met by `make test`
(`spec/peers`). Go also reads and verifies the certificates, requests, CRLs and OCSP responses of `bearssl.mkcert`
(`spec/interop/go_mkcert_spec.lua`).
]]
  local here = {}
  for _, program in ipairs(peers) do
    if not program.program or os.execute("command -v " .. program.program .. " >/dev/null") then
      here[#here + 1] = program
      if program.make then run(program.make) end
      line("- %s: %s", program.name, run(program.version):match "%C+")
    else
      print(("%s is left out: no %s"):format(program.name, program.program))
    end
  end
  local missing = chromium.missing()
  if missing then
    print(("Chromium is left out: no %s"):format(missing))
  else
    line("- Chromium: %s", run(chromium.version):match "%C+")
  end
  local bad = 0
  for _, version in ipairs { "1.3", "1.2" } do
    bad = bad + table_of("Our client", our_client, version, here) + table_of("Our server", our_server, version, here)
  end
  bad = bad + browser_table(missing)
  local file <close> = assert(io.open(output, "w"))
  file:write(table.concat(lines, "\n"), "\n")
  print(("%s written; %d failed"):format(output, bad))
  return bad == 0
end

os.exit(main(arg[1] or "docs/interop.md"), true)
