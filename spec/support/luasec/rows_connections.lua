-- LuaSec's table: connections.
local rows = { title = "Connections: ssl.wrap and the methods" }

local function row(name, case, verdict, probe, note, alone)
  rows[#rows + 1] = { name = name, case = case, verdict = verdict, probe = probe, note = note, alone = alone }
end

-- A probe that gets both ends, connected.
local function on(f, client, server, before)
  return function(env)
    local c, s = env.connected(client, server, before)
    return f(c, s, env)
  end
end

-- A probe that gets both ends before the handshake.
local function early(f)
  return function(env)
    local c, s = env.wrapped()
    return f(c, s, env)
  end
end

local function two(a, b)
  return a, b
end

local tls12 = { protocol = "tlsv1_2" }

row("ssl.wrap", "takes the descriptor", "same", function(env)
  local near, far = env.tcp()
  local fd = near:getfd()
  local c = env.ssl.wrap(near, env.client_config())
  return near:getfd(), c:getfd() == fd, far:getfd() >= 0
end)
row("ssl.wrap", "no context", "fixed", function(env) return env.ssl.wrap((env.tcp()), 5) end,
  "raises as there; the message says that contexts of luaossl and cqueues cannot be shared")
row("ssl.wrap", "a bad table", "same", function(env)
  return env.ssl.wrap((env.tcp()), { mode = "client", protocol = "x" })
end)
row("ssl.wrap", "host: another name", "fixed", function(env)
  return env.outcome { host = "other.example" }
end, "the handshake fails; LuaSec up to 1.3.2 does not look at it")
row("dohandshake", "both ends", "same", function(env) return env.outcome() end)
row("dohandshake", "again", "same", on(function(c) return c:dohandshake() end))
row("dohandshake", "nothing there yet", "same", early(function(c) return c:dohandshake() end))
row("dohandshake", "timeout", "fixed", early(function(c)
  c:settimeout(0.05)
  return c:dohandshake()
end), "`wantread`, and \"timeout\" as a third value")
row("dohandshake", "closed", "fixed", early(function(c)
  c:close()
  return c:dohandshake()
end), "false, \"closed\"; LuaSec ends the process", true)
row("dohandshake", "unknown issuer", "same", function(env) return (env.outcome({ cafile = env.pki.stranger })) end)
row("dohandshake", "an intermediate alone in cafile", "fixed", function(env)
  return (env.outcome({ cafile = env.pki.server.p256.issuers }))
end, "what stands in `cafile` is an anchor, root or not; OpenSSL wants the root as well")
row("dohandshake", "what the server hears of it", "same", function(env)
  return select(2, env.outcome({ cafile = env.pki.stranger, protocol = "tlsv1_2" }))
end)
row("dohandshake", "no certificate where one is needed", "same", function(env)
  return env.outcome(tls12, { verify = { "peer", "fail_if_no_peer_cert" }, cafile = env.pki.root.p256 })
end)
row("dohandshake", "no version in common", "same", function(env)
  return (env.outcome({ protocol = "tlsv1_3" }, tls12))
end)
row("dohandshake", "no suite in common", "same", function(env)
  return (env.outcome({ protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" },
    { ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", protocol = "tlsv1_2" }))
end)
row("dohandshake", "no suite in common, the server", "same", function(env)
  return select(2, env.outcome({ protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" },
    { ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", protocol = "tlsv1_2" }))
end)
row("dohandshake", "the peer speaks no TLS", "same", function(env)
  local near, far = env.tcp()
  far:send "HTTP/1.0 400 Bad Request\r\n\r\n"
  local c = env.ssl.wrap(near, env.client_config())
  c:settimeout(10)
  return two(c:dohandshake())
end)
row("dohandshake", "beyond the reason", "fixed", function(env)
  local near, far = env.tcp()
  far:send "HTTP/1.0 400 Bad Request\r\n\r\n"
  local c = env.ssl.wrap(near, env.client_config())
  c:settimeout(10)
  return c:dohandshake()
end, "a bearssl.error as the third value, which knows cause and remedy; send and receive have it as their fifth")
row("dohandshake", "the peer goes", "same", function(env)
  local near, far = env.tcp()
  local c = env.ssl.wrap(near, env.client_config())
  far:close()
  c:settimeout(10)
  local _, err = c:dohandshake()
  return err == "closed" or err == "unexpected eof while reading" or err == "Connection reset by peer"
end)

row("send", "all", "same", on(function(c) return c:send "hello" end))
row("send", "a part", "same", on(function(c) return c:send("hello", 2, 4) end))
row("send", "before the handshake", "same", early(function(c)
  local ok, err, last = c:send "hello"
  return ok, err, last
end))
row("send", "after close", "same", on(function(c)
  c:close()
  local ok, err, last = c:send "hello"
  return ok, err, last
end))
row("send", "no string", "fixed", on(function(c) return c:send(nil) end), "raises as there; the words are others")
row("send", "nobody reads", "same", on(function(c, s)
  c:settimeout(0)
  local ok, err, last = c:send(("x"):rep(1 << 24))
  return ok, err, last < 1 << 24, s:getfd() >= 0
end))
row("receive", "*l", "same", on(function(c, s)
  s:send "one\r\ntwo\n"
  return c:receive(), c:receive "*l"
end))
row("receive", "a number", "same", on(function(c, s)
  s:send "hello"
  return c:receive(2), c:receive(0), c:receive(3)
end))
row("receive", "a prefix", "same", on(function(c, s)
  s:send "hello\n"
  return c:receive("*l", "oh, ")
end))
row("receive", "*a up to close_notify", "same", on(function(c, s)
  s:send "hello"
  s:close()
  local data, err = c:receive "*a"
  return data, err
end))
row("receive", "*l at close_notify", "same", on(function(c, s)
  s:send "hello"
  s:close()
  local data, err, partial = c:receive "*l"
  return data, err, partial
end))
row("receive", "no close_notify", "same", on(function(c, s, env)
  s:send "hello"
  env.cut(s)
  local data, err, partial = c:receive "*l"
  return data, err, partial
end))
row("receive", "once more after that", "fixed", on(function(c, s, env)
  env.cut(s)
  c:receive "*l"
  local data, err = c:receive "*l"
  return data, err
end), "the same reason; there it is \"System error\", or a call that never ends", true)
row("receive", "nothing there", "same", on(function(c)
  c:settimeout(0)
  local data, err, partial = c:receive "*l"
  return data, err, partial
end))
row("receive", "timeout", "fixed", on(function(c)
  c:settimeout(0.05)
  return c:receive(3)
end), "`wantread`, and \"timeout\" as a fifth value")
row("receive", "\"l\"", "same", on(function(c) return pcall(c.receive, c, "l") == false end))
row("receive", "before the handshake", "same", early(function(c)
  local data, err, partial = c:receive()
  return data, err, partial
end))
row("settimeout", nil, "same", early(function(c)
  return c:settimeout(1), c:settimeout(1, "t"), c:settimeout(nil, "b")
end))
row("settimeout", "wrong mode", "same", early(function(c) return pcall(c.settimeout, c, 1, "x") == false end))
row("close", "twice", "same", on(function(c)
  c:close()
  return c:close()
end))
row("close", "what is left", "same", on(function(c)
  c:close()
  return c:getfd(), c:dirty(), c:want(), c:info(), (tostring(c):gsub("0x%x+", ""))
end))
row("want", nil, "same", on(function(c)
  c:settimeout(0)
  c:receive()
  return c:want()
end))
row("want", "before the handshake", "same", early(function(c) return c:want() end))
row("dirty", nil, "same", on(function(c, s)
  s:send "ab"
  c:receive(1)
  return c:dirty()
end))
row("dirty", "nothing there", "same", on(function(c) return c:dirty() end))
row("getfd", nil, "same", on(function(c) return c:getfd() >= 0 end))
row("getstats", nil, "same", on(function(c, s)
  c:send "hello"
  s:send "ab"
  c:receive(2)
  local received, sent, age = c:getstats()
  return received, sent, type(age)
end))
row("setstats", nil, "same", on(function(c)
  local one = c:setstats(10, 20, 30)
  local received, sent = c:getstats()
  return one, received, sent
end))

row("sni", "client", "same", on(function(c, s) return c:getsniname(), s:getsniname() end, nil, nil,
  function(c) c:sni "localhost" end))
row("sni", "client: no name", "fixed", early(function(c) return c:sni() end), "raises as there; the words are others")
local function map(names, strict, name)
  return function(c, s)
    if name then c:sni(name) end
    local all = {}
    for each, kind in pairs(names) do all[each] = kind end
    s:sni(all, strict)
    return all
  end
end
local function leaf_of(c) return c:getpeercertificate():getsignaturename(),
  c:getpeercertificate():pubkey():len() > 200 end
-- A server's context that is known by its RSA key.
local function of_rsa(env)
  local rsa = env.pki.server.rsa2048
  return env.new({ certificate = rsa.certificate, key = rsa.key }, "server")
end
row("sni", "server: a name of the map", "same", function(env)
  local other = of_rsa(env)
  local c = env.connected({ cafile = env.pki.roots }, {}, map({ ["localhost"] = other }, false, "localhost"))
  return leaf_of(c)
end)
row("sni", "server: added to the map later", "same", function(env)
  local other = of_rsa(env)
  local c, s = env.wrapped({ cafile = env.pki.roots }, {})
  local names = { ["a.example"] = other }
  c:sni "localhost"
  s:sni(names, true)
  names.localhost = other
  env.shake(c, s)
  return leaf_of(c)
end)
row("sni", "server: another name", "same", function(env)
  local other = of_rsa(env)
  local c = env.connected({ cafile = env.pki.roots }, {}, map({ ["a.example"] = other }, false, "localhost"))
  return leaf_of(c)
end)
row("sni", "server: another name, strict", "same", function(env)
  local other = env.new({}, "server")
  return (env.outcome({}, {}, map({ ["a.example"] = other }, true, "localhost")))
end)
row("sni", "server: no name, strict", "same", function(env)
  local other = env.new({}, "server")
  return env.outcome({}, {}, map({ ["a.example"] = other }, true))
end)
row("getsniname", "none", "same", on(function(c, s) return c:getsniname(), s:getsniname() end))
row("getalpn", "a list of the server", "same", on(function(c, s) return c:getalpn(), s:getalpn() end,
  { alpn = { "a", "b" } }, { alpn = { "b" } }))
row("getalpn", "a function of the server", "same", function(env)
  local heard
  local c = env.connected({ alpn = { "a", "b" } }, { alpn = function(list)
    heard = table.concat(list, ",")
    return "b"
  end })
  return c:getalpn(), heard
end)
row("getalpn", "none in common", "same", function(env)
  local c, s = env.connected({ alpn = { "a" } }, { alpn = { "b" } })
  return c:getalpn(), s:getalpn()
end)
row("getalpn", "the client offers none", "same", on(function(c, s)
  return c:getalpn(), s:getalpn()
end, {}, { alpn = { "b" } }))

local gcm = "ECDHE-ECDSA-AES256-GCM-SHA384"
row("info", "TLS 1.2", "same", on(function(c) return c:info() end, { protocol = "tlsv1_2", ciphers = gcm }))
row("info", "TLS 1.3", "same", on(function(c) return c:info() end, { ciphersuites = "TLS_AES_256_GCM_SHA384" }))
row("info", "ChaCha20", "same", on(function(c) return c:info() end,
  { protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305" }))
row("info", "a field", "same", on(function(c) return c:info "protocol", c:info "compression", c:info "zz" end))
row("info", "RSA key exchange and CBC", "same", function(env)
  local rsa = env.pki.server.rsa2048
  local c = env.connected({ protocol = "tlsv1_2", ciphers = "AES128-SHA", cafile = env.pki.roots },
    { protocol = "tlsv1_2", ciphers = "AES128-SHA", certificate = rsa.certificate, key = rsa.key })
  return c:info()
end)
row("info", "before the handshake", "same", early(function(c) return c:info() end))
row("ssl.core.info", nil, "fixed", on(function(c, _, env) return env.core.info(c) end,
  { protocol = "tlsv1_2", ciphers = gcm }), "the same line with single spaces")
row("ssl.core.compression", nil, "same", on(function(c, _, env) return env.core.compression(c) end))
row("ssl.core.setfd", "after the handshake", "same", on(function(c, _, env) return env.core.setfd(c, 3) end))

row("getpeercertificate", nil, "same", on(function(c, s)
  return c:getpeercertificate():subject(), s:getpeercertificate(), c:getpeercertificate(2):subject(),
    c:getpeercertificate(9)
end))
row("getpeercertificate", "wrong index", "same", on(function(c) return c:getpeercertificate(0) end))
row("getpeercertificate", "before the handshake", "same", early(function(c) return c:getpeercertificate() end))
row("getpeerchain", "client", "same", on(function(c) return #c:getpeerchain(), c:getpeerchain()[1]:subject() end))
local function mutual(f)
  return function(env)
    local c, s = env.connected(env.identity, { verify = { "peer", "fail_if_no_peer_cert" },
      cafile = env.pki.root.p256 })
    c:send "x"
    s:receive(1)
    return f(c, s)
  end
end
row("getpeerchain", "server", "same", mutual(function(_, s)
  return #s:getpeerchain(), s:getpeerchain()[1]:subject()
end))
row("getpeerchain", "the intermediate is in cafile alone", "same", function(env)
  local pair = env.pki.server.p256
  return #env.connected({}, { certificate = pair.leaf, key = pair.key, cafile = pair.issuers }):getpeerchain()
end)
row("getpeerchain", "nobody was asked", "fixed", on(function(_, s) return s:getpeerchain() end),
  "an empty list; LuaSec 1.2 gives a list with a broken certificate in it")
row("getlocalcertificate", nil, "newer", on(function(_, s) return s:getlocalcertificate():subject() end))
row("getlocalchain", nil, "newer", on(function(_, s) return #s:getlocalchain() end))
row("getpeerverification", "good", "same", on(function(c, s)
  return c:getpeerverification(), s:getpeerverification()
end))
row("getpeerverification", "verify = none", "same", on(function(c) return c:getpeerverification() end,
  { verify = "none", cafile = false }))
row("getpeerverification", "lsec_continue", "same", function(env)
  return env.connected({ cafile = env.pki.stranger, verifyext = "lsec_continue" }):getpeerverification()
end)
row("getpeerverification", "server, lsec_continue", "same", function(env)
  local c, s = env.connected(env.identity, { verify = "peer", verifyext = "lsec_continue", cafile = env.pki.stranger })
  c:send "x"
  s:receive(1)
  return s:getpeerverification()
end)
row("getpeerverification", "before the handshake", "same", early(function(c) return c:getpeerverification() end))
row("getfinished, getpeerfinished", "TLS 1.2", "same", on(function(c, s)
  return c:getfinished() == s:getpeerfinished(), c:getpeerfinished() == s:getfinished(), #c:getfinished()
end, tls12))
row("getfinished, getpeerfinished", "TLS 1.3", "same", on(function(c, s)
  return c:getfinished() == s:getpeerfinished(), c:getpeerfinished() == s:getfinished(), #c:getfinished()
end, { ciphersuites = "TLS_AES_256_GCM_SHA384" }))
row("getfinished", "before the handshake", "same", early(function(c) return c:getfinished() end))
row("getpeerfinished", "before the handshake", "fixed", early(function(c) return c:getpeerfinished() end),
  "nil, \"closed\"; LuaSec gives no value at all")
row("exportkeyingmaterial", nil, "same", on(function(c, s)
  local mine = c:exportkeyingmaterial("EXPORTER-Channel-Binding", 32, "")
  return mine == s:exportkeyingmaterial("EXPORTER-Channel-Binding", 32, ""), #mine
end))
row("exportkeyingmaterial", "without a context", "same", on(function(c, s)
  return c:exportkeyingmaterial("EXPORTER-x", 16) == s:exportkeyingmaterial("EXPORTER-x", 16)
end, tls12))
row("exportkeyingmaterial", "before the handshake", "fixed", early(function(c)
  return c:exportkeyingmaterial("EXPORTER-x", 16)
end), "nil, \"closed\"; LuaSec gives no value at all")

local function octets(hex) return (hex:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end)) end
-- The outcome of a client with a TLSA record: data(env) gives its usage, selector, matching type and data.
local function tlsa(more, data)
  return function(env)
    local config = { dane = true }
    for k, v in pairs(more) do config[k] = v end
    return (env.outcome(config, {}, function(c)
      assert(c:setdane "localhost")
      assert(c:settlsa(data(env)))
    end))
  end
end
local function digest(path)
  return function(env)
    local cert = env.ssl.loadcertificate(env.pki.read(path(env)))
    return octets(cert:digest "sha256")
  end
end
local leaf = digest(function(env) return env.pki.server.p256.leaf end)
local issuer = digest(function(env) return env.pki.server.p256.issuers end)
local root = digest(function(env) return env.pki.root.p256 end)
local nobody = { cafile = false }
row("setdane, settlsa", "DANE-EE", "same", tlsa(nobody, function(env) return 3, 0, 1, leaf(env) end))
row("setdane, settlsa", "DANE-EE of another", "same", tlsa(nobody, function() return 3, 0, 1, ("x"):rep(32) end))
row("setdane, settlsa", "DANE-TA", "same", tlsa(nobody, function(env) return 2, 0, 1, issuer(env) end))
row("setdane, settlsa", "PKIX-EE", "same", tlsa({}, function(env) return 1, 0, 1, leaf(env) end))
row("setdane, settlsa", "PKIX-EE without anchors", "same", tlsa(nobody, function(env) return 1, 0, 1, leaf(env) end))
row("setdane, settlsa", "PKIX-TA", "same", tlsa({}, function(env) return 0, 0, 1, root(env) end))
row("setdane, settlsa", "PKIX-TA of another", "same", tlsa({}, function() return 0, 0, 1, ("x"):rep(32) end))
row("setdane", "not in the context", "same", early(function(c) return c:setdane "localhost" end))
row("settlsa", "what is no record", "same", function(env)
  local c = env.wrapped { dane = true }
  c:setdane "localhost"
  return c:settlsa(9, 0, 1, ("x"):rep(32)), c:settlsa(3, 7, 1, ("x"):rep(32)), c:settlsa(3, 0, 1, "short"),
    c:settlsa(3, 0, 0, "no certificate")
end)
row("sethost", nil, "newer", early(function(c)
  return c:sethost "localhost"
end), "flags too; subjectAltName alone counts")
for _, name in ipairs { "getpeername", "getsockname", "getoption", "setoption", "shutdown" } do
  row(name, nil, "same", early(function(c) return c[name] end), "neither has it")
end

return rows
