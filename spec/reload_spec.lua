-- bearssl.listen while its files change: renewal without restart, half-written files, trust, CRLs, staples.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local scheduler = require "bearssl.scheduler"
local serve = require "spec.support.serve"

local old, new = pki.server.p256, pki.server.p384

local dir = os.tmpname() .. ".d"
assert(os.execute(("rm %s; mkdir -m 700 %s"):format(dir:sub(1, -3), dir)))

local folder = setmetatable({}, { __gc = function() os.execute("rm -r " .. dir) end })

local function write(name, text)
  local file <close> = assert(folder and io.open(dir .. "/" .. name, "wb"))
  assert(file:write(text))
end

-- As a careful program renews: whole, under another name, then in one step.
local function replace(name, source)
  write(name .. ".new", pki.read(source))
  assert(os.rename(dir .. "/" .. name .. ".new", dir .. "/" .. name))
end

local function put(pair)
  replace("cert.pem", pair.certificate)
  replace("key.pem", pair.key)
end

local eventually = serve.eventually

local function sleep(seconds) scheduler.current().sleep(seconds) end

local serials = {}
for name, pair in pairs { old = old, new = new } do serials[bearssl.x509.load(pair.leaf)[1].serial] = name end

-- A server of the two files that looks at them all the time, and what it tells.
local function serving(options, act, handler)
  local told = {}
  put(old)
  serve(serve.with({
    certificate = dir .. "/cert.pem", key = dir .. "/key.pem", watch = 0.02,
    on_error = function(err, what, name)
      told[#told + 1] = ("%s %s: %s"):format(what, name or "-", type(err) == "table" and err.code or err)
    end,
    on_reload = function(name) told[#told + 1] = "reloaded " .. (name or "-") end,
  }, options), handler, function(server, port) act(server, port, told) end)
  return told
end

local function shown(port, config, options)
  local answer, info, serial = serve.ask(port, config or serve.client(), options)
  assert.equal("hello", answer, tostring(info))
  return serials[serial], info
end

describe("a renewal", function()
  it("is noticed: later connections have it, those that are open go on, sessions are resumed", function()
    local client = serve.client { session_cache = bearssl.session_cache() }
    local told = serving(nil, function(_, port)
      local open = assert(serve.connect(port, serve.client()))
      assert.equal("old", (shown(port, client)))
      put(new)
      eventually(function() return shown(port) == "new" end)
      assert(open:send "still\n")
      assert.equal("still", open:receive "*l")
      assert.equal("old", serials[open:peer_certificates()[1].serial])
      open:close()
      assert.is_true((select(2, shown(port, client)).resumed))
    end)
    assert.equal("reloaded -", told[#told])
  end)

  it("is shown to openssl and gnutls", function()
    serving(nil, function(_, port)
      put(new)
      eventually(function() return shown(port) == "new" end)
      local openssl <close> = peer.openssl_client(port, "-CAfile " .. pki.roots, "")
      local gnutls <close> = peer.gnutls_client(port, "--x509cafile " .. pki.roots
        .. " --sni-hostname localhost --verify-hostname localhost", "")
      assert.matches("Verify return code: 0", select(2, serve.finish(openssl)), 1, true)
      assert.matches("ECDSA%-SECP384R1", (select(2, serve.finish(gnutls))))
    end)
  end)

  it("that is half there keeps the old pair, says so once, and comes when it is whole", function()
    serving(nil, function(_, port, told)
      replace("cert.pem", new.certificate)
      eventually(function() return told[1] end)
      assert.equal("reload -: key_mismatch", told[1])
      sleep(0.2)
      assert.same({ 1, "old" }, { #told, (shown(port)) })
      replace("key.pem", new.key)
      eventually(function() return told[2] end)
      assert.same({ "reloaded -", "new" }, { told[2], (shown(port)) })
    end)
  end)

  local whole = pki.read(new.certificate)
  for _, row in ipairs {
    { "empty", "", "no_certificates" },
    { "cut in the middle of a line", whole:sub(1, 400), "pem" },
    { "cut before its last line", whole:sub(1, whole:find "%-%-%-%-%-END" - 1), "pem" },
    { "of zeros", ("\0"):rep(#whole), nil },
    { "garbage", ("\xA5\x5A"):rep(1000), nil },
    { "another kind of file", pki.read(new.key), nil },
  } do
    it("with a certificate that is " .. row[1] .. " keeps the old pair", function()
      serving(nil, function(server, port, told)
        write("cert.pem", row[2])
        eventually(function() return told[1] end)
        assert.matches("^reload %-: ", told[1])
        if row[3] then assert.equal("reload -: " .. row[3], told[1]) end
        assert.equal("old", (shown(port)))
        local ok, err = server:reload()
        assert.is_nil(ok)
        assert.truthy(err.code)
        put(new)
        eventually(function() return shown(port) == "new" end)
      end)
    end)
  end

  it("survives each file being away, and both", function()
    serving(nil, function(_, port, told)
      for _, names in ipairs { { "cert.pem" }, { "key.pem" }, { "cert.pem", "key.pem" } } do
        local before = #told
        for _, name in ipairs(names) do assert(os.remove(dir .. "/" .. name)) end
        eventually(function() return told[before + 1] end)
        assert.equal("reload -: file", told[before + 1])
        assert.equal("old", (shown(port)))
        put(old)
        eventually(function() return told[#told] == "reloaded -" end)
      end
      put(new)
      eventually(function() return shown(port) == "new" end)
    end)
  end)

  it("survives files that vanish or change between the look and the reading", function()
    local real = core.file_stamp
    finally(function() core.file_stamp = real end)
    serving({ watch = false }, function(server, port, told)
      for _, row in ipairs {
        { function() os.remove(dir .. "/key.pem") end, "reload -: file" },
        { function() replace("cert.pem", new.certificate) end, "reload -: key_mismatch" },
      } do
        core.file_stamp = function(path)
          local stamp = real(path)
          core.file_stamp = real
          row[1]()
          return stamp
        end
        assert.is_nil((server:reload()))
        assert.equal(row[2], told[#told])
        assert.equal("old", (shown(port)))
        put(old)
      end
      local looks = 0
      core.file_stamp = function(path)
        looks = looks + 1
        if looks == 3 then put(new) end -- both were read; they are not what the first look saw
        return real(path)
      end
      local ok, err = server:reload()
      core.file_stamp = real
      assert.same({ nil, "file" }, { ok, err.code })
      assert.matches("changed while it was read", tostring(err), 1, true)
      assert.is_true(server:reload())
      assert.equal("new", (shown(port)))
    end)
  end)

  it("that cannot be read just now is taken later", function()
    local real = core.identity
    finally(function() core.identity = real end)
    serving(nil, function(_, port, told)
      local tries = 0
      core.identity = function() -- as where no descriptors are left
        tries = tries + 1
        return nil, core.error { code = "file", message = "file cannot be read: too many open files" }
      end
      put(new)
      eventually(function() return tries > 3 end)
      assert.same({ 1, "reload -: file", "old" }, { #told, told[1], (shown(port)) })
      core.identity = real
      eventually(function() return shown(port) == "new" end)
      assert.equal("reloaded -", told[#told])
    end)
  end)

  it("is taken when two looks saw the same, not while somebody writes", function()
    put(old)
    local unit = require "bearssl.server.unit"
    local each = assert(unit.new(nil, { certificate = dir .. "/cert.pem", key = dir .. "/key.pem" }))
    assert.is_false(unit.changed(each))
    local text = pki.read(new.certificate)
    for i = 1, 5 do
      write("cert.pem", text:sub(1, #text * i // 5))
      assert.equal("soon", unit.changed(each))
    end
    replace("key.pem", new.key)
    assert.equal("soon", unit.changed(each))
    assert.is_true(unit.changed(each))
    assert.is_true(unit.read(each))
    assert.is_false(unit.changed(each))
  end)

  it("by a link that points elsewhere is noticed", function()
    for name, pair in pairs { a = old, b = new } do
      assert(os.execute(("mkdir -p %s/%s && cp %s %s/%s/cert.pem && cp %s %s/%s/key.pem"):format(dir, name,
        pair.certificate, dir, name, pair.key, dir, name)))
    end
    assert(os.execute(("ln -sfn a %s/live"):format(dir)))
    serving({ certificate = dir .. "/live/cert.pem", key = dir .. "/live/key.pem" }, function(_, port)
      assert.equal("old", (shown(port)))
      assert(os.execute(("ln -sfn b %s/next && mv -T %s/next %s/live"):format(dir, dir, dir)))
      eventually(function() return shown(port) == "new" end)
    end)
  end)

  it("is not looked for with watch = false, and taken by reload", function()
    serving({ watch = false }, function(server, port, told)
      put(new)
      sleep(0.1)
      assert.same({ "old", 0 }, { (shown(port)), #told })
      assert.is_true(server:reload())
      assert.same({ "new", 1 }, { (shown(port)), #told })
    end)
  end)

  it("of one host leaves the others alone", function()
    local rsa = pki.server.rsa2048
    serving({
      certificate = rsa.certificate, key = rsa.key,
      hosts = { ["one.w.example"] = { certificate = dir .. "/cert.pem", key = dir .. "/key.pem" } },
    }, function(server, port, told)
      local before = server:config()
      assert.equal("old", (shown(port, nil, { name = "one.w.example" })))
      put(new)
      eventually(function() return shown(port, nil, { name = "one.w.example" }) == "new" end)
      assert.equal("reloaded one.w.example", told[#told])
      assert.equal(before, server:config())
      replace("key.pem", old.key)
      eventually(function() return told[#told] == "reload one.w.example: key_mismatch" end)
    end)
  end)

  it("is taken by tick and by accept, where there is no loop", function()
    put(old)
    local server <close> = serve.listen { certificate = dir .. "/cert.pem", key = dir .. "/key.pem", watch = 0.01 }
    local first = server:config()
    assert.truthy(server:tick() <= 0.01)
    put(new)
    local socket = require "socket"
    for _ = 1, 6000 do
      socket.sleep(0.01)
      server:tick()
      if server:config() ~= first then break end
    end
    assert.not_equal(first, server:config())
    first = server:config()
    put(old)
    for _ = 1, 200 do
      server:accept(0.05)
      if server:config() ~= first then break end
    end
    assert.not_equal(first, server:config())
  end)

  it("fails no request, as often as it comes", function()
    local requests, reloads, over = 0, 0, false
    local told = serving({ on_reload = function() reloads = reloads + 1 end }, function(_, port)
      local running, client = 0, serve.client { session_cache = bearssl.session_cache() }
      for i = 1, 4 do
        running = running + 1
        scheduler.current().spawn(function()
          while not over do
            assert.equal("hello", (serve.ask(port, i > 2 and client or serve.client())))
            requests = requests + 1
          end
          running = running - 1
        end)
      end
      for i = 1, 6 do
        local before = reloads
        put(i % 2 == 1 and new or old)
        eventually(function() return reloads > before end)
      end
      over = true
      eventually(function() return running == 0 end)
    end)
    for _, line in ipairs(told) do assert.equal("reload -: key_mismatch", line) end -- between the two files
    assert.truthy(requests > 6)
  end)

  it("does not end the server where a password or a callback raises", function()
    local fail = false
    local key = dir .. "/locked.pem"
    assert(os.execute(("openssl pkey -in %s -aes128 -passout pass:open -out %s"):format(old.key, key)))
    serving({ key = key, watch = false, password = function()
      if fail then error("no password", 0) end
      return "open"
    end, on_reload = function() error("mine", 0) end }, function(server, port, told)
      fail = true
      local ok, err = server:reload()
      assert.is_nil(ok)
      assert.matches("no password", tostring(err))
      assert.equal("reload -: internal", told[1])
      fail = false
      assert.is_true(server:reload()) -- on_reload raises, which standard error is told
      assert.equal("old", (shown(port)))
    end)
  end)
end)

describe("whom clients are trusted by", function()
  local mine = pki.client.p256

  local function welcome(port)
    local client = serve.client { certificate = mine.certificate, key = mine.key }
    return serve.ask(port, client) == "hello"
  end

  it("is read again: a file of CAs", function()
    write("ca.pem", pki.read(pki.stranger))
    local told = {}
    local function on_error(err, what) told[#told + 1] = what .. " " .. err.code end
    serve({ client_auth = "require", client_trust = dir .. "/ca.pem", watch = 0.02, on_error = on_error }, nil,
      function(server, port)
        assert.is_false(pcall(welcome, port) and welcome(port))
        replace("ca.pem", pki.roots)
        local config = server:config()
        eventually(function() return server:config() ~= config end)
        assert.is_true(welcome(port))
        config = server:config()
        write("ca.pem", "nothing")
        eventually(function() return told[#told] == "reload no_certificates" end)
        assert.is_true(welcome(port))
        assert.equal(config, server:config())
      end)
  end)

  it("is read again: a folder of CAs, what changes in it and what comes into it", function()
    assert(os.execute(("mkdir %s/cas"):format(dir)))
    write("cas/one.pem", pki.read(pki.stranger))
    local function on_error() end
    serve({ client_auth = "require", client_trust = dir .. "/cas", watch = 0.02, on_error = on_error }, nil,
      function(server, port)
        local config
        local function changes(act)
          config = server:config()
          act()
          eventually(function() return server:config() ~= config end)
        end
        changes(function() write("cas/two.pem", pki.read(pki.roots)) end)
        assert.is_true(welcome(port))
        changes(function() write("cas/two.pem", pki.read(pki.stranger)) end)
        assert.is_false(pcall(welcome, port) and welcome(port))
      end)
  end)

  it("is read again: a CRL, which is heard for sessions too", function()
    local serial = bearssl.x509.load(mine.leaf)[1].serial
    write("list.crl", revoke.crl { issuer = "p256-root", next_update = revoke.late }
      .. revoke.crl { issuer = "p256-intermediate", next_update = revoke.late })
    local cache = bearssl.session_cache()
    local client = serve.client { certificate = mine.certificate, key = mine.key, session_cache = cache }
    serve({
      client_auth = "require", client_trust = pki.roots, revocation = { crl = dir .. "/list.crl" }, watch = 0.02,
      on_error = function() end,
    }, nil, function(server, port)
      assert.equal("hello", (serve.ask(port, client)))
      assert.is_true(select(2, serve.ask(port, client)).resumed)
      local config = server:config()
      write("list.crl", revoke.crl { issuer = "p256-root", next_update = revoke.late }
        .. revoke.crl { issuer = "p256-intermediate", next_update = revoke.late,
          entries = { { serial = serial, reason = "key_compromise" } } })
      eventually(function() return server:config() ~= config end)
      assert.is_false(pcall(function() assert(serve.ask(port, client)) end))
    end)
  end)
end)

describe("a staple", function()
  local ca = { certificate = pki.dir .. "/p256-intermediate.pem", key = pki.dir .. "/p256-intermediate.key" }

  -- A responder that knows one certificate, and a chain that names it.
  local function responder_for(entry, options)
    entry.serial = "7B"
    local responder = peer.ocsp_responder(ca, revoke.index { entry }, options)
    local leaf = revoke.issue("stapled" .. responder.port, {
      names = "localhost", ocsp = "http://127.0.0.1:" .. responder.port, serial = entry.serial,
    })
    local chain = revoke.file(pki.read(leaf.certificate) .. pki.read(ca.certificate))
    return responder, { certificate = chain, key = leaf.key }
  end

  local function staple(port)
    local sock = assert(serve.connect(port, serve.client { verify = "none", trust = serve.none }))
    local der = sock:ocsp_staple()
    sock:close()
    return der
  end

  local function telling(list)
    return function(err, what) list[#list + 1] = ("%s %s"):format(what, type(err) == "table" and err.code or err) end
  end

  it("is fetched beside the connections, and openssl believes it", function()
    local responder <close>, pair = responder_for { good = true }
    serve(pair, nil, function(_, port)
      eventually(function() return staple(port) end)
      local openssl <close> = peer.openssl_client(port, "-status -CAfile " .. pki.roots, "")
      local _, out = serve.finish(openssl)
      assert.matches("OCSP Response Status: successful", out)
      assert.matches("Cert Status: good", out)
      assert.truthy(responder:output():find("GET /", 1, true))
    end)
  end)

  it("is fetched without a scheduler, too", function()
    local responder <close>, pair = responder_for { good = true }
    local server <close> = serve.listen(pair)
    assert(server:tick())
    local openssl <close> = peer.openssl_client(select(2, server:getsockname()), "-status -CAfile " .. pki.roots, "")
    local sock = assert(server:accept(20))
    sock:close()
    assert.matches("Cert Status: good", select(2, openssl:finish()))
    assert.truthy(responder:running())
  end)

  it("of a revoked certificate is none, and that is told", function()
    local responder <close>, pair = responder_for { reason = "keyCompromise" }
    local told = {}
    pair.on_error = telling(told)
    serve(pair, nil, function(_, port)
      eventually(function() return told[1] end)
      assert.equal("staple revoked", told[1])
      assert.is_nil(staple(port))
    end)
    assert.truthy(responder:running())
  end)

  it("that cannot be had keeps nobody waiting", function()
    local listener <close> = peer.listen() -- a responder that never says anything
    local leaf = revoke.issue("silent", {
      names = "localhost", ocsp = "http://127.0.0.1:" .. listener.port, serial = "7B",
    })
    local chain = revoke.file(pki.read(leaf.certificate) .. pki.read(ca.certificate))
    local told = {}
    serve({ certificate = chain, key = leaf.key, on_error = telling(told) }, nil, function(_, port)
      for _ = 1, 5 do assert.is_nil(staple(port)) end
    end)
  end)

  it("comes from a function as well, which may yield and fail", function()
    local calls = 0
    local leaf_of, response
    local responder <close>, pair = responder_for { good = true }
    local fetch = require "bearssl.fetch"
    pair.fetch_staple = function(leaf, issuer)
      calls = calls + 1
      leaf_of = leaf
      sleep(0.05)
      response = assert(fetch.ocsp(leaf, issuer))
      return response
    end
    serve(pair, nil, function(server, port)
      eventually(function() return staple(port) end)
      assert.equal(response, staple(port))
      assert.equal(1, calls)
      assert.is_true(server:reload()) -- the same certificate: the same staple
      assert.equal(response, staple(port))
      assert.equal(1, calls)
    end)
    assert.equal(bearssl.x509.load(pair.certificate)[1], leaf_of)
    assert.truthy(responder:running())
    for _, row in ipairs {
      { function() return nil, "no network" end, "staple no network" },
      { function() error("mine", 0) end, "staple internal" },
      { function() return "0\x80nonsense" end, "staple bad_ocsp" },
      { function() return 5 end, "staple internal" },
    } do
      local told = {}
      serve({ fetch_staple = row[1], on_error = telling(told) }, nil, function(_, port)
        eventually(function() return told[1] end)
        assert.equal(row[2], told[1])
        assert.is_nil(staple(port))
      end)
    end
  end)

  it("is fetched again in the middle of its time, and goes when that is over", function()
    local staples = require "bearssl.server.staple"
    local responder <close>, pair = responder_for({ good = true }, "-nmin 60")
    local config = assert(bearssl.server(pair))
    local each, now, answers, told = { native = true, given = pair, config = config }, 1000, true, 0
    local fetch = require "bearssl.fetch"
    local function how(leaf, issuer)
      if answers then return fetch.ocsp(leaf, issuer) end
      return nil, "away"
    end
    local function refresh() staples.refresh(each, how, function() return now end, function() told = told + 1 end) end
    staples.renew(each)
    assert.equal(0, staples.due(each))
    refresh()
    local due = staples.due(each)
    assert.truthy(due > 1000 + 1500 and due <= 1000 + 1800)
    assert.truthy(each.staples[1].der)
    now, answers = due, false
    refresh()
    assert.same({ 1, now + 30 }, { told, staples.due(each) })
    now = now + 30
    refresh()
    assert.same({ 2, now + 60 }, { told, staples.due(each) })
    assert.truthy(each.staples[1].der)
    now = 1000 + 3601
    refresh()
    assert.is_nil(each.staples[1].der)
    answers = true
    now = staples.due(each)
    refresh()
    assert.truthy(each.staples[1].der)
    assert.truthy(responder:running())
  end)

  it("of a file is read again", function()
    local responder <close>, pair = responder_for { good = true }
    local chain = bearssl.x509.load(pair.certificate)
    local der = assert(require "bearssl.fetch".ocsp(chain[1], chain[2]))
    write("staple.der", "0\x80first")
    pair.ocsp_staple, pair.watch = dir .. "/staple.der", 0.02
    serve(pair, nil, function(_, port)
      assert.equal("0\x80first", staple(port))
      write("staple.der", der)
      eventually(function() return staple(port) == der end)
    end)
    assert.truthy(responder:running())
  end)
end)
