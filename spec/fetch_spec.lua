-- bearssl.fetch against `openssl ocsp` as the responder and a server of files; and what peers may do that are neither.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local fetch = require "bearssl.fetch"
local ocsp = require "bearssl.x509.ocsp"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"
local transfer = require "bearssl.fetch.transfer"

local ca = { certificate = pki.dir .. "/p256-intermediate.pem", key = pki.dir .. "/p256-intermediate.key" }
local issuer = bearssl.x509.load(ca.certificate)[1]

-- A responder that knows one certificate, and that certificate, which names it.
local function responder_for(entry, options)
  entry.serial = "7B"
  local responder = peer.ocsp_responder(ca, revoke.index { entry }, options)
  local pair = revoke.issue("leaf", { ocsp = "http://127.0.0.1:" .. responder.port, serial = entry.serial })
  return responder, bearssl.x509.load(pair.certificate)[1]
end

describe("fetch.ocsp, asking `openssl ocsp`,", function()
  for _, method in ipairs { "auto", "get", "post" } do
    it("gives a verified response, by the method " .. method, function()
      local responder <close>, leaf = responder_for { good = true }
      local der, answer = fetch.ocsp(leaf, issuer, { method = method })
      assert.equal("good", answer.status)
      assert.is_true(answer.next_update > os.time())
      assert.equal("good", assert(ocsp.verify(der, leaf, issuer)).status)
      assert.truthy(responder:output():find(method == "post" and "POST / HTTP" or "GET /M", 1))
    end)
  end

  it("asks for the nonce that the responder repeats", function()
    local responder <close>, leaf = responder_for { good = true }
    local der, answer = fetch.ocsp(leaf, issuer, { nonce = true })
    assert.equal("good", answer.status)
    assert.truthy(ocsp.parse(der).nonce)
    assert.truthy(responder:output():find("POST /", 1, true))
  end)

  it("tells of a revoked certificate", function()
    local responder <close>, leaf = responder_for { reason = "keyCompromise" }
    local _, answer = fetch.ocsp(leaf, issuer)
    assert.equal("revoked", answer.status)
    assert.truthy(responder:running())
  end)

  it("asks once, until nextUpdate", function()
    local responder <close>, leaf = responder_for { good = true }
    local first = assert(fetch.ocsp(leaf, issuer))
    responder:stop()
    assert.equal(first, fetch.ocsp(leaf, issuer))
    local der, err = fetch.ocsp(leaf, issuer, { time = os.time() + 3601 })
    assert.is_nil(der)
    assert.equal("refused", err.code)
  end)
end)

-- A server of files, and a folder for them.
local function files()
  local folder = revoke.file "":match "^(.*)/" .. "/files" .. math.random(1 << 40)
  assert(os.execute("mkdir " .. folder))
  local server = peer.start(("lua5.4 %s/spec/support/http_files.lua %s"):format(require "lfs".currentdir(), folder))
  server.port = math.tointeger(tonumber(server:wait_for "port (%d+)"))
  server.url = "http://127.0.0.1:" .. server.port
  function server.put(name, text, headers)
    for path, content in pairs { [name] = text, [name .. ".headers"] = headers } do
      local file <close> = assert(io.open(folder .. "/" .. path, "wb"))
      assert(file:write(content))
    end
  end
  return server
end

local function issue(options)
  options.names, options.purpose = "localhost", { "server", "client" }
  local pair = revoke.issue("leaf", options)
  return pair.issued.certificate, pair
end

local function run(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

local function day(n) return os.time() + n * 86400 end

local function list(entries, options)
  options = options or {}
  options.entries, options.this_update, options.next_update = entries, day(-1), day(30)
  return revoke.crl(options)
end

describe("fetch.crl", function()
  local server
  setup(function() server = files() end)
  teardown(function() server:stop() end)

  it("gives the list that a certificate names, in PEM or DER, and asks once", function()
    for name, form in pairs { ["a.pem"] = "PEM", ["a.der"] = "DER" } do
      local text = list { { serial = "7B" } }
      if form == "DER" then text = bearssl.x509.crl.parse(text)[1]:der() end
      server.put(name, text)
      local leaf = issue { crl = { "ldap://x/y", server.url .. "/" .. name }, serial = "7B" }
      for _ = 1, 2 do
        local lists = assert(fetch.crl(leaf))
        assert.equal(1, #lists)
        assert.truthy(lists[1]:lookup(leaf))
      end
      assert.equal(1, select(2, server:output():gsub("GET /" .. name:gsub("%.", "%%."), "")))
    end
  end)

  it("gives the deltas too that the list or the certificate names", function()
    server.put("base", list({}, { freshest_crl = server.url .. "/delta" }))
    server.put("delta", list({ { serial = "7B" } }, { number = 2, base = 1 }))
    server.put("other", list({}, { number = 2, base = 1 }))
    local leaf = issue { crl = server.url .. "/base", freshest_crl = server.url .. "/other" }
    local lists = assert(fetch.crl(leaf))
    local kinds = {}
    for i, each in ipairs(lists) do kinds[i] = each.is_delta end
    assert.same({ false, true, true }, kinds)
  end)

  it("takes a URL", function()
    server.put("url", list {})
    assert.equal(1, #assert(fetch.crl(server.url .. "/url")))
  end)

  for path, code in pairs {
    garbage = "bad_crl", nothing = "decode", ssh = "decode", huge = "limit", announced = "limit", short = "truncated",
    negative = "decode", two = "decode", chunked = "decode", headers = "limit", line = "limit", loop = "redirect",
    nowhere = "decode", missing = "status", file = "option", hang = "timeout",
  } do
    it(("says %s where a server answers with /%s"):format(code, path), function()
      local lists, err = fetch.crl(server.url .. "/" .. path, { timeout = path == "hang" and 0.2 or 60,
        total_timeout = 60, retry_after = 0 })
      assert.is_nil(lists)
      assert.equal(code, err.code, tostring(err))
    end)
  end

  it("follows redirects, so many and no more", function()
    server.put("there", list {})
    for _, code in ipairs { 301, 302, 303, 307, 308 } do
      assert.truthy(fetch.crl(("%s/redirect/%d/%s/there"):format(server.url, code, server.url)))
    end
    local lists, err = fetch.crl(server.url .. "/redirect/301/" .. server.url .. "/there?", { max_redirects = 0,
      retry_after = 0 })
    assert.is_nil(lists)
    assert.equal("redirect", err.code)
  end)

  it("asks `allow` for each address, redirects included", function()
    local asked = {}
    local _, err = fetch.crl(server.url .. "/redirect/302/http://localhost:" .. server.port .. "/loop", {
      allow = function(url, purpose, address)
        asked[#asked + 1] = purpose .. " " .. address
        return not url:find "^http://localhost", "not there"
      end,
    })
    assert.equal("unwelcome", err.code)
    assert.truthy(err.message:find("not there", 1, true))
    assert.equal("crl 127.0.0.1", asked[1])
    assert.truthy(#asked >= 2)
  end)

  it("refuses other URLs", function()
    for _, url in ipairs {
      "ftp://x/y", "file:///etc/passwd", "http://", "http://a b/", "http://x:0/", "http://x:99999/", "http://u:p@x/",
      "http://x/" .. ("y"):rep(3000), "http://x/\r\nEvil: 1", "",
    } do
      local lists, err = fetch.crl(url)
      assert.is_nil(lists)
      assert.equal("option", err.code, url)
    end
  end)

  it("does not ask a URL that has failed for a while", function()
    local time = os.time()
    for _ = 1, 3 do fetch.crl(server.url .. "/missing?once", { time = time }) end
    assert.equal(1, select(2, server:output():gsub("/missing%?once", "")))
    fetch.crl(server.url .. "/missing?once", { time = time + 31 })
    assert.equal(2, select(2, server:output():gsub("/missing%?once", "")))
  end)

  it("asks by the caller's function", function()
    local asked
    local text = list {}
    local lists = assert(fetch.crl("http://ca.example/crl", { http = function(request)
      asked = request
      return text, 200, { ["Cache-Control"] = "no-store" }
    end }))
    assert.equal(1, #lists)
    assert.same({ "http://ca.example/crl", "GET", false }, { asked.url, asked.method, asked.redirect })
    for code, answer in pairs {
      io = { nil, "No route to host" }, status = { "", 500, {} }, bad_crl = { "x", 200, {} },
      limit = { text, 200, {} },
    } do
      local none, err = fetch.crl("http://ca.example/other", { http = function() return table.unpack(answer, 1, 3) end,
        retry_after = 0, max_crl_size = code == "limit" and 10 or nil })
      assert.is_nil(none)
      assert.equal(code, err.code)
    end
    assert.has_error(function()
      fetch.crl("http://ca.example/third", { http = function() error("mine", 0) end })
    end, "mine")
  end)

  it("lets other coroutines run while it waits", function()
    local loop, turns, code = scheduler.loop(), 0, nil
    loop:spawn(function()
      code = select(2, fetch.crl(server.url .. "/hang", { timeout = 1, retry_after = 0 })).code
    end)
    loop:spawn(function()
      while not code do
        turns = turns + 1
        scheduler.current().sleep(0.02)
      end
    end)
    loop:run()
    assert.truthy(turns > 2)
  end)
end)

describe("fetch.ocsp refuses", function()
  local leaf, mine, others
  setup(function()
    leaf = issue { ocsp = "http://ocsp.example/", serial = "7B" }
    local until_then = os.time() + 3600
    mine, others = revoke.ocsp("7B", { next_update = until_then }), revoke.ocsp("7C", { next_update = until_then })
  end)

  local function ask(body, options, code)
    local all = { retry_after = 0, fresh = true, http = function() return body, code or 200, {} end }
    for key, value in pairs(options or {}) do all[key] = value end
    local der, answer = fetch.ocsp(leaf, issuer, all)
    return der and answer.status or answer.code
  end

  it("nothing that is right", function() assert.equal("good", ask(mine)) end)
  it("a response about another certificate", function() assert.equal("revocation_unknown", ask(others)) end)
  it("one that has expired, or is of the future", function()
    assert.equal("bad_ocsp", ask(mine, { time = os.time() + 7200 }))
    assert.equal("bad_ocsp", ask(mine, { time = os.time() - 7200 }))
  end)
  it("one without the nonce", function() assert.equal("bad_ocsp", ask(mine, { nonce = true })) end)
  it("tryLater, garbage, and nothing", function()
    for _, body in ipairs { "\x30\x03\x0a\x01\x03", "garbage", "", ("x"):rep(64 * 1024) } do
      assert.equal("bad_ocsp", ask(body))
    end
    assert.equal("limit", ask(("x"):rep(64 * 1024 + 1)))
    assert.equal("status", ask(mine, nil, 503))
  end)
  it("one with a byte changed", function()
    for i = 1, #mine, 7 do
      local changed = mine:sub(1, i - 1) .. string.char(mine:byte(i) ~ 1) .. mine:sub(i + 1)
      local status = ask(changed)
      local unsigned = i > #mine - 700 and status == "good" -- the signer's certificate, which we have: nobody looks
      assert.truthy(status == "bad_ocsp" or status == "revocation_unknown" or unsigned, i .. " " .. status)
    end
  end)
  it("a certificate that names no responder", function()
    local der, err = fetch.ocsp(issuer, bearssl.x509.load(pki.root.p256)[1])
    assert.is_nil(der)
    assert.equal("option", err.code)
  end)
end)

describe("a URL of https", function()
  it("is asked by TLS, verified against the system's roots", function()
    local nginx <close> = peer.nginx(pki.server.p256, nil, "TLSv1.3")
    local file <close> = assert(io.open(nginx.dir .. "/root/list", "w"))
    assert(file:write(list {}))
    file:close()
    local program = revoke.file(([[
      local lists, err = require "bearssl.fetch".crl "https://localhost:%d/list"
      print(lists and #lists or err.code)
    ]]):format(nginx.port))
    local command = ("%s %%s %s %s"):format(require "spec.support.child", os.getenv "LUA" or "lua5.4", program)
    assert.equal("1\n", run(command:format("SSL_CERT_FILE=" .. pki.root.p256)))
    assert.equal("unknown_issuer\n", run(command:format("SSL_CERT_FILE=" .. pki.stranger)))
  end)
end)

describe("HTTP's lifetimes", function()
  local now = 1700000000 -- Tue, 14 Nov 2023 22:13:20 GMT
  for _, case in ipairs {
    { {}, nil }, { { ["cache-control"] = "public, max-age=60" }, 60 },
    { { ["cache-control"] = "max-age=60", age = "20" }, 40 },
    { { ["cache-control"] = "max-age=60, no-store" }, 0 }, { { ["cache-control"] = "no-cache" }, 0 },
    { { expires = "Tue, 14 Nov 2023 22:14:20 GMT" }, 60 }, { { expires = "0" }, 0 },
    { { expires = "Thu, 29 Feb 2024 00:00:00 GMT", date = "Wed, 28 Feb 2024 00:00:00 GMT" }, 86400 },
    { { expires = "Tue, 14 Nov 2023 21:00:00 GMT", date = "Tue, 14 Nov 2023 22:00:00 GMT" }, 0 },
  } do
    it("are what they say: " .. (case[1]["cache-control"] or case[1].expires or "nothing"), function()
      local till = transfer.fresh_until(case[1], now)
      assert.equal(case[2], till and till - now)
    end)
  end
end)

describe("fetch.intermediates", function()
  local server
  local intermediate = pki.dir .. "/p256-intermediate.pem"

  setup(function()
    server = files()
    local both = revoke.file(pki.read(pki.root.p384) .. pki.read(intermediate))
    server.put("pem", pki.read(intermediate))
    server.put("der", issuer:der())
    -- PKCS #7 is read, and made by nobody here
    server.put("p7c", run("openssl crl2pkcs7 -nocrl -outform DER -certfile " .. intermediate))
    server.put("p7b", run("openssl crl2pkcs7 -nocrl -certfile " .. both))
    server.put("wrong", pki.read(pki.root.p384))
  end)
  teardown(function() server:stop() end)

  local function leaf_at(path) return issue { ca_issuers = server.url .. "/" .. path } end

  for _, form in ipairs { "pem", "der", "p7c", "p7b" } do
    it("reads " .. form, function()
      local found = assert(fetch.intermediates { (leaf_at(form)) })
      assert.equal(1, #found)
      assert.equal(issuer, found[1])
    end)
  end

  for path, code in pairs {
    wrong = "unknown_issuer", missing = "status", garbage = "no_certificates", huge = "limit",
  } do
    it(("says %s where there is /%s"):format(code, path), function()
      local found, err = fetch.intermediates { (leaf_at(path)) }
      assert.is_nil(found)
      assert.equal(code, err.code, tostring(err))
    end)
  end

  it("reads no half of a PKCS#7 message, nor one with a byte changed, as something else", function()
    local text = run("openssl crl2pkcs7 -nocrl -outform DER -certfile " .. intermediate)
    local pkcs7 = require "bearssl.fetch.pkcs7"
    assert.equal(1, #pkcs7(text))
    for n = 0, #text - 1 do
      local half = pkcs7(text:sub(1, n))
      assert.truthy(not half or #half == 0)
      pkcs7(text:sub(1, n) .. string.char(text:byte(n + 1) ~ 0xff) .. text:sub(n + 2))
    end
  end)

  it("looks once for the end of what begins again and again", function() -- or this takes half a minute
    local found, err = fetch.intermediates({ (leaf_at "begins") }, {
      http = function() return ("-----BEGIN PKCS7-----"):rep(11000), 200, {} end,
    })
    assert.is_nil(found)
    assert.equal("pem", err.code)
  end)

  it("asks for nothing where nothing is missing", function()
    local found, err = fetch.intermediates { leaf_at "pem", issuer, bearssl.x509.load(pki.root.p256)[1] }
    assert.is_nil(found)
    assert.equal("no_certificates", err.code)
  end)
end)

-- A leaf and what stands at its URLs: aia, ocsp, crl say which of them it has.
local function world(what, entry)
  local server = files()
  entry.serial = "7B"
  local responder = what.ocsp and peer.ocsp_responder(ca, revoke.index { entry })
  local leaf, pair = issue {
    ca_issuers = what.aia and server.url .. "/ca", ocsp = responder and "http://127.0.0.1:" .. responder.port,
    crl = what.crl and server.url .. "/crl", serial = entry.serial,
  }
  server.put("ca", issuer:der())
  server.put("crl", list(entry.good and {} or { { serial = entry.serial } }))
  return {
    leaf = leaf, pair = pair, server = server, responder = responder,
    short = pki.read(pair.certificate), long = pki.read(pair.certificate) .. pki.read(ca.certificate),
  }, setmetatable({}, { __close = function()
    server:stop()
    if responder then responder:stop() end
  end })
end

-- Both ways to verify: store:verify, and a handshake of our client with a server of that chain. Give true, or the
-- error's code.
local ways = {
  ["store:verify"] = function(chain, _, options)
    local store = assert(bearssl.store { pki.root.p256 })
    local ok, err = store:verify(chain, { name = "localhost", aia = options.aia, revocation = options.revocation })
    return ok and true or err.code
  end,
}
for _, version in ipairs { "1.2", "1.3" } do
  ways["a handshake of TLS " .. version] = function(chain, pair, options)
    local client = assert(bearssl.client {
      trust = pki.root.p256, aia = options.aia, revocation = options.revocation, max_version = version,
      engine = "native",
    })
    local server = ends.server { certificate = chain, key = pair.key, max_version = version, engine = "native" }
    local c, s = ends.connections(client, server)
    ends.join(c, s)
    if c:state() == "connected" then return true, c:verified_chain() end
    return select(2, c:feed "").code
  end
end

ways["a handshake whose server judges the client"] = function(chain, pair, options)
  local server = ends.server { client_auth = "require", client_trust = pki.root.p256, max_version = "1.3",
    aia = options.aia, revocation = options.revocation }
  local key = pki.read(pair.key) -- the client would not show a certificate on its own that leads to none of the names
  local client = ends.client { on_certificate_request = function() return chain, key end, max_version = "1.3" }
  local c, s = ends.connections(client, server)
  ends.join(c, s)
  if s:state() == "connected" then return true, s:verified_chain() end
  return select(2, s:feed "").code
end

for name, verify in pairs(ways) do
  describe(name, function()
    local function fresh(options)
      local all = { timeout = 60, total_timeout = 120 } -- seconds: the machine may be busy
      for key, value in pairs(options or {}) do all[key] = value end
      return fetch.new(all)
    end

    it("fetches an intermediate that is missing, where asked to", function()
      local w, close <close> = world({ aia = true }, { good = true }) -- luacheck: ignore close
      assert.equal("unknown_issuer", verify(w.short, w.pair, {}))
      assert.is_true(verify(w.short, w.pair, { aia = fresh() }))
      assert.is_true(verify(w.short, w.pair, { aia = true }))
    end)

    it("stays at its verdict where there is none", function()
      local w, close <close> = world({ aia = true }, { good = true }) -- luacheck: ignore close
      w.server.put("ca", pki.read(pki.root.p384))
      assert.equal("unknown_issuer", verify(w.short, w.pair, { aia = fresh() }))
      assert.equal("unknown_issuer", verify(pki.read(pki.bad.unknown_ca.certificate), { key = pki.bad.unknown_ca.key },
        { aia = fresh() }))
      w.server:stop()
      local told = {}
      local object = fresh { on_failure = function(err, certificate) told = { err.code, certificate } end }
      assert.equal("unknown_issuer", verify(w.short, w.pair, { aia = object }))
      assert.same({ "refused", w.leaf }, told)
    end)

    for _, source in ipairs { "ocsp", "crl" } do
      for _, mode in ipairs { "hard", "soft" } do
        it(("asks by %s, mode %s"):format(source, mode), function()
          local function options(extra)
            local all = { mode = mode, leaf_only = true, fetch = fresh() }
            for key, value in pairs(extra or {}) do all[key] = value end
            return { revocation = all, aia = fresh() }
          end
          do
            local w, close <close> = world({ [source] = true, aia = true }, { good = true }) -- luacheck: ignore close
            assert.equal(mode == "soft" or "revocation_unknown", verify(w.long, w.pair, options { fetch = false }))
            assert.is_true(verify(w.long, w.pair, options()))
            assert.is_true(verify(w.short, w.pair, options()))
            local never = fresh { allow = function() return false end }
            assert.equal(mode == "soft" or "revocation_unknown", verify(w.long, w.pair, options { fetch = never }))
          end
          local w, close <close> = world({ [source] = true }, { reason = "keyCompromise" }) -- luacheck: ignore close
          assert.equal("revoked", verify(w.long, w.pair, options()))
        end)
      end
    end

    it("goes on to the CRL where the responder is away", function()
      local w, close <close> = world({ ocsp = true, crl = true }, { reason = "superseded" }) -- luacheck: ignore close
      w.responder:stop()
      assert.equal("revoked", verify(w.long, w.pair, { revocation = { leaf_only = true, fetch = fresh() } }))
    end)

    it("waits for a responder that hangs as long as it was told to", function()
      local server <close> = files()
      local _, pair = issue { ocsp = server.url .. "/hang" }
      local chain = pki.read(pair.certificate) .. pki.read(ca.certificate)
      local object = fresh { timeout = 0.2 }
      assert.equal("revocation_unknown", verify(chain, pair, { revocation = { leaf_only = true, fetch = object } }))
      assert.is_true(verify(chain, pair, { revocation = { mode = "soft", leaf_only = true, fetch = object } }))
    end)

    it("believes a response that is younger than the connection that waits for it", function()
      local w, close <close> = world({ ocsp = true }, { good = true }) -- luacheck: ignore close
      local function allow()
        socket.sleep(1.1) -- into the next second
        return true
      end
      assert.is_true(verify(w.long, w.pair, { revocation = { leaf_only = true, fetch = fresh { allow = allow } } }))
    end)

    it("passes on what a callback raises", function()
      local w, close <close> = world({ aia = true }, { good = true }) -- luacheck: ignore close
      local object = fresh { allow = function() error("mine", 0) end }
      assert.has_error(function() verify(w.short, w.pair, { aia = object }) end, "mine")
    end)
  end)
end

describe("an https request", function()
  it("takes both options, and a server that sends its leaf alone is reached", function()
    local w, close <close> = world({ aia = true, crl = true }, { good = true }) -- luacheck: ignore close
    local nginx <close> = peer.nginx(w.pair, nil, "TLSv1.2 TLSv1.3")
    local function get(options)
      local request = { url = ("https://localhost:%d/facts"):format(nginx.port), trust = pki.root.p256 }
      for key, value in pairs(options) do request[key] = value end
      return require "bearssl.https".request(request)
    end
    local body, err = get {}
    assert.is_nil(body)
    assert.equal("unknown_issuer", err.code)
    local object = fetch.new()
    assert.truthy(get { aia = object, revocation = { leaf_only = true, fetch = object } })
    assert.truthy(w.server:output():find "GET /ca .*GET /crl ")
  end)
end)

describe("what was fetched", function()
  it("is in the chain that on_peer sees, outlives the collector, and comes from the cache the next time", function()
    local w, close <close> = world({ aia = true, ocsp = true }, { good = true }) -- luacheck: ignore close
    local seen = {}
    local client = assert(bearssl.client {
      trust = pki.root.p256, max_version = "1.3", session_cache = bearssl.session_cache(), aia = fetch.new(),
      revocation = { leaf_only = true, fetch = fetch.new() },
      on_peer = function(conn)
        local chain, checked = conn:verified_chain()
        seen[#seen + 1] = ("%d %s %s"):format(#chain, checked.revocation[1].status, checked.revocation[1].source)
        return true
      end,
    })
    local server = assert(bearssl.server { certificate = w.short, key = w.pair.key, max_version = "1.3" })
    for i = 1, 3 do
      local c, s = ends.connections(client, server)
      ends.join(c, s)
      assert.equal("connected", c:state())
      collectgarbage()
      collectgarbage()
      local chain = c:verified_chain()
      assert.equal(issuer, chain[2])
      assert.equal(i, #seen)
      w.server:stop()
      w.responder:stop()
    end
    assert.same({ "3 good ocsp", "3 good ocsp", "3 good ocsp" }, seen)
  end)

  it("is asked for within the bounds of one chain", function()
    local w, close <close> = world({ aia = true, ocsp = true }, { good = true }) -- luacheck: ignore close
    local asked, failed = 0, {}
    local object = fetch.new {
      max_requests = 1, allow = function()
        asked = asked + 1
        return true
      end,
      on_failure = function(err) failed[#failed + 1] = err.code end,
    }
    assert.equal("revocation_unknown", ways["a handshake of TLS 1.3"](w.short, w.pair,
      { aia = object, revocation = { leaf_only = true, fetch = object } }))
    assert.equal(1, asked)
    assert.same({ "limit", "option" }, failed)
  end)
end)

describe("options", function()
  it("of fetch are checked", function()
    for _, wrong in ipairs {
      { timeuot = 1 }, { timeout = 0 }, { timeout = "1" }, { http = 1 }, { method = "put" }, { hash = "md5" },
      { max_redirects = -1 }, { scheduler = 1 }, { retry_after = 1.5 },
    } do
      assert.has_error(function() fetch.new(wrong) end)
      assert.has_error(function() fetch.ocsp(issuer, issuer, wrong) end)
    end
    assert.has_error(function() fetch.ocsp("x", issuer) end)
    assert.has_error(function() fetch.intermediates {} end)
    assert.has_error(function() fetch.crl(1) end)
  end)

  it("of a config are refused where the engine cannot wait", function()
    assert.has_error(function() bearssl.client { engine = "bear", aia = true } end)
    assert.has_error(function() bearssl.client { engine = "bear", revocation = { fetch = true } } end)
    assert.has_error(function() bearssl.client { aia = 1 } end)
    assert.has_error(function() bearssl.client { revocation = { fetch = "yes" } } end)
  end)
end)
