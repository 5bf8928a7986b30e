-- LuaSec's table: what ssl.newcontext and ssl.context take, and what they say of what is wrong.
local rows = { title = "Contexts: ssl.newcontext and ssl.context" }

local function row(name, case, verdict, probe, note)
  rows[#rows + 1] = { name = name, case = case, verdict = verdict, probe = probe, note = note }
end

-- What ssl.newcontext says to these keys.
local function made(more, mode)
  return function(env)
    local config = type(more) == "function" and more(env) or more
    local ctx, err = env.new(config, mode)
    return ctx, err
  end
end

for _, protocol in ipairs { "any", "sslv23", "tlsv1_2", "tlsv1_3", "tlsv1_1", "tlsv1" } do
  row("protocol", protocol, "same", made { protocol = protocol })
end
row("protocol", "any, the lowest version", "fixed", function(env)
  local c = env.connected({ options = { "no_tlsv1_3" } }, {})
  return c:info "protocol", env.ssl.config.protocols.tlsv1 and "TLS 1.0 on request"
    , (env.new { protocol = "any", options = { "no_tlsv1_2", "no_tlsv1_3" } })
end, "TLS 1.2 and 1.3; older versions by their own names alone, `tlsv1` and `tlsv1_1`")
row("protocol", "unknown", "same", made { protocol = "x" })
row("protocol", "missing", "fixed", function(env) return env.ssl.newcontext { mode = "client" } end,
  "raises as there; the place in the message is another")
row("mode", "client, server", "same", function(env) return env.new({}, "client"), env.new({}, "server") end)
row("mode", "unknown", "fixed", made { mode = "x" }, "refused when the context is made, not when it is used")
row("mode", "missing", "fixed", function(env) return env.ssl.newcontext { protocol = "any" } end,
  "raises as there; the place in the message is another")
row("key", "not there", "fixed", made { key = "/nowhere" },
  "the reason is the file's own: \"No such file or directory\"")
row("key", "none in it", "fixed", made(function(env)
  return { key = env.pki.root.p256 }
end), "the reason is \"no start line\"")
row("key", "PEM text", "fixed", made(function(env)
  return { key = env.pki.read(env.pki.client.p256.key), certificate = env.pki.client.p256.certificate }
end), "PEM and DER text do as well as paths")
row("certificate", "not there", "fixed", made { certificate = "/nowhere" }, "the reason is the file's own")
row("certificate", "none in it", "same", made(function(env) return { certificate = env.pki.client.p256.key } end))
row("certificate", "of another key", "same", made(function(env)
  return { certificate = env.pki.client.p256.certificate, key = env.pki.key "p256" }
end))
row("certificates", "list of { certificate, key }", "same", made(function(env)
  local list = {}
  for i, kind in ipairs { "p256", "rsa2048" } do
    list[i] = { certificate = env.pki.server[kind].certificate, key = env.pki.server[kind].key }
  end
  return { certificates = list }
end, "server"))
row("password", "no string", "same", made(function(env) return { key = env.pki.client.p256.key, password = 5 } end))
row("cafile", "not there", "fixed", made { cafile = "/nowhere" }, "the reason is the file's own")
row("cafile", "no certificate in it", "fixed", made { cafile = "/etc/passwd" }, "the reason is \"no start line\"")
row("capath", "not there", "same", made { capath = "/nowhere" })
row("capath", "without a certificate", "same", made { capath = "/proc/self/task" })
row("ciphers", "what there is", "same", made { ciphers = "ECDHE+AESGCM:!aNULL:@STRENGTH" })
row("ciphers", "what there is not", "fixed", made { ciphers = "ZZZ" },
  "the reason is \"no cipher match\" every time; there it is what OpenSSL's queue had left")
row("ciphers", "no ECDHE with AEAD, with protocol any", "fixed", made { ciphers = "AES128-SHA" },
  "asks for protocol = \"tlsv1_2\": the engine with TLS 1.3 has ECDHE with AES-GCM or ChaCha20-Poly1305 alone")
row("ciphers", "AES128-SHA with tlsv1_2", "same", made { ciphers = "AES128-SHA", protocol = "tlsv1_2" })
row("ciphersuites", "what there is", "same", made { ciphersuites = "TLS_AES_256_GCM_SHA384" })
row("ciphersuites", "none: no TLS 1.3", "same", made { ciphersuites = "" })
row("ciphersuites", "what there is not", "fixed", made { ciphersuites = "ZZZ" },
  "the reason is \"no cipher match\" every time")
for _, word in ipairs { "none", "peer", "client_once", "fail_if_no_peer_cert" } do
  row("verify", word, "same", made { verify = word })
end
row("verify", "unknown", "same", made { verify = "zzz" })
row("depth", "a number", "same", made { depth = 3 })
row("depth", "none", "same", made { depth = "x" })
row("dhparam", "a function", "same", made { dhparam = function() end }, "never called: no DHE here, only ECDHE")
row("dhparam", "no function", "same", made { dhparam = 5 })
row("curve", "P-256", "same", made { curve = "P-256" })
row("curve", "prime256v1", "same", made { curve = "prime256v1" })
row("curve", "secp384r1", "same", made { curve = "secp384r1" })
row("curve", "unknown", "same", made { curve = "zzz" })
row("curve", "brainpoolP256r1", "refused", made { curve = "brainpoolP256r1" }, "no code for it")
row("curveslist", "ours", "same", made { curveslist = "X25519:P-384:P-256:P-521" })
row("curveslist", "one that is not ours among them", "same", made { curveslist = "X448:P-256" })
row("curveslist", "none of ours", "refused", made { curveslist = "X448:brainpoolP256r1" }, "no code for them")
row("curveslist", "unknown", "same", made { curveslist = "zzz" })
for _, word in ipairs { "lsec_continue", "lsec_ignore_purpose", "crl_check", "crl_check_chain" } do
  row("verifyext", word, "same", made { verifyext = word })
end
row("verifyext", "unknown", "same", made { verifyext = "zzz" })
row("alpn", "client: a name", "same", made { alpn = "h2" })
row("alpn", "client: a list", "same", made { alpn = { "h2", "http/1.1" } })
row("alpn", "client: a function", "same", made { alpn = function() end })
row("alpn", "server: a list", "same", made({ alpn = { "h2" } }, "server"))
row("alpn", "server: a function", "same", made({ alpn = function() end }, "server"))
row("alpn", "server: a name", "same", made({ alpn = "h2" }, "server"))
row("alpn", "no name", "same", made { alpn = 5 })
row("alpn", "empty name", "same", made { alpn = "" })
row("alpn", "empty list", "same", made { alpn = {} })
row("alpn", "256 bytes", "same", made { alpn = ("x"):rep(256) })
row("psk", "client: a function", "same", made { psk = function() end })
row("psk", "server: { hint, callback }", "same", made({ psk = { hint = "x", callback = function() end } }, "server"))
row("psk", "wrong", "newer", made { psk = 5 },
  "`invalid PSK configuration`, as LuaSec 1.3 has it; TLS 1.3 alone, keys of 16 to 64 bytes")
row("dane", "true", "same", made { dane = true })
row("dane", "flags", "same", made { dane = { "no_ee_namechecks" } })
row("dane", "unknown flag", "same", made { dane = { "zz" } })
row("unknown keys", "far from all others", "same", made { zzzzzz = 5 })
row("unknown keys", "nearly one", "fixed", made { certificat = "x" }, "\"did you mean 'certificate'?\"")
row("host, hostflags", "in ssl.newcontext", "fixed", made { host = "localhost" },
  "they belong to ssl.wrap, and are not silently ignored")

-- ssl.context alone
local function on(mode, f)
  return function(env)
    local ctx = assert(env.context.create "any")
    assert(env.context.setmode(ctx, mode))
    return f(env.context, ctx, env)
  end
end

row("ssl.context.create", "unknown protocol", "same", function(env) return env.context.create "x" end)
row("ssl.context.setmode", "wrong", "fixed", function(env)
  return env.context.setmode(env.context.create "any", "x")
end, "false and a message; LuaSec gives the message where true would stand")
row("ssl.context.checkkey", "no key", "same", on("client", function(context, ctx) return context.checkkey(ctx) end))
row("ssl.context.checkkey", "a pair", "same", on("client", function(context, ctx, env)
  return context.loadkey(ctx, env.pki.client.p256.key, nil), context.loadcert(ctx, env.pki.client.p256.certificate),
    context.checkkey(ctx)
end))
row("ssl.context.locations", "nothing", "fixed", on("client", function(context, ctx) return context.locations(ctx) end),
  "always the same reason; there it is what OpenSSL's queue had left")
row("ssl.context.setalpn", "as on the wire", "same", on("client", function(context, ctx)
  return context.setalpn(ctx, "\2h2")
end))
row("ssl.context.setalpn", "no list", "fixed", on("client", function(context, ctx)
  return context.setalpn(ctx, "\5h2")
end), "without \"((null))\" behind it")
row("ssl.context.setverify", "several", "same", on("server", function(context, ctx)
  return context.setverify(ctx, "peer", "fail_if_no_peer_cert"), context.setverify(ctx, "peer", "zz")
end))
row("ssl.context.setoptions", "several", "same", on("server", function(context, ctx)
  return context.setoptions(ctx, "all", "no_ticket"), context.setoptions(ctx, "all", "zz")
end))
row("ssl.context.setcipher", "after ssl.newcontext", "same", function(env)
  local ctx = assert(env.new { protocol = "tlsv1_2" })
  assert(env.context.setcipher(ctx, "ECDHE-ECDSA-AES256-GCM-SHA384"))
  local c = env.connected(ctx, {})
  return c:info "cipher"
end)
row("context:setverifyext", "words", "same", function(env)
  local ctx = env.new {}
  return ctx:setverifyext("lsec_continue", "crl_check"), ctx:setverifyext("zz")
end)

return rows
