-- What ACME servers answer beside what is hoped for (RFC 8555): nonces, rate limits, problem documents, JSON,
-- redirects, orders that take their own way, chains that are no use. Each is an error that says so, or is gone on from.
local acme = require "bearssl.acme"
local acme_server = require "spec.support.acme_server"
local core = require "bearssl.core"
local hex = require "bearssl.hex"
local json = require "bearssl.https.json"
local jws = require "bearssl.acme.jws"
local mime = require "mime"
local mkcert = require "bearssl.mkcert"
local when = require "bearssl.acme.when"
local x509 = require "bearssl.x509"

local against, honest, root = acme_server.against, acme_server.honest, acme_server.root

local function client(base)
  local own = acme.new { directory = base .. "directory", key = assert(mkcert.key()), trust = root.certificate:pem() }
  own.pauses = {}
  own.pause = function(seconds) own.pauses[#own.pauses + 1] = seconds end
  own.transport.pause = own.pause
  return own
end

local responder = acme.dns(function() return true end)

local function order(own, options)
  local all = { names = { "a.example" }, responder = responder }
  for name, value in pairs(options or {}) do all[name] = value end
  return own:certificate(all)
end

-- What client:certificate gives where script(answers, base) has changed what the server says; and the client.
local function tried(script, options)
  return against(function(base, answers, asked)
    honest(base, answers)
    script(answers, base, asked)
    local own = client(base)
    local issued, err = order(own, options)
    return issued, err, own, asked
  end)
end

local function problem(kind, more)
  local document = { type = "urn:ietf:params:acme:error:" .. kind, detail = "no" }
  for name, value in pairs(more or {}) do document[name] = value end
  return document
end

local function count(asked, path)
  local n = 0
  for _, request in ipairs(asked) do n = n + (request.path == path and 1 or 0) end
  return n
end

it("an honest server gives a certificate", function()
  local issued = assert(tried(function() end))
  assert.is_true(x509.parse(issued.pem)[1]:matches_name "a.example")
end)

-- Section 7.3.4: the account's key, signed under the MAC key that the server's owner has given.
it("an account is bound to one elsewhere, as openssl counts it", function()
  local key = assert(mkcert.key())
  for _, terms in ipairs { true, false } do
    against(function(base, _, asked)
      assert(acme.new { directory = base .. "directory", key = key, trust = root.certificate:pem(),
        terms_agreed = terms or nil, external_account = { kid = "k\"1", key = "\0secret" } }:account())
      local payload = asked[#asked].payload
      local binding = payload.externalAccountBinding
      local function plain(text)
        return (mime.unb64((text:gsub("[-_]", { ["-"] = "+", _ = "/" })) .. ("="):rep(-#text % 4)))
      end
      assert.same({ alg = "HS256", kid = "k\"1", url = base .. "account" }, json.decode(plain(binding.protected)))
      assert.same(asked[#asked].protected.jwk, json.decode(plain(binding.payload)))
      local mac = io.popen(("printf %%s '%s.%s' | openssl dgst -sha256 -mac HMAC -macopt hexkey:%s"):format(
        binding.protected, binding.payload, hex.of "\0secret")):read("a"):match "(%x+)%s*$"
      assert.same({ mac, terms or nil }, { hex.of(plain(binding.signature)), payload.termsOfServiceAgreed })
    end)
  end
  for _, wrong in ipairs { { kid = "a" }, { key = "a" }, { kid = 1, key = "a" } } do
    assert.error_matches(function()
      acme.new { directory = "https://localhost/", key = key, external_account = wrong }
    end, "'external_account'")
  end
end)

it("what cannot be ordered is told before anything is asked", function()
  local key = assert(mkcert.key())
  for name, wanted in pairs { ["a b"] = "'a b' is no DNS name", ["a.example:443"] = "without a port",
    ["https://a.example"] = "no host name", ["me@a.example"] = "no host name", ["DNS:a.example"] = "no host name" } do
    assert.error_matches(function()
      acme.new { directory = "https://127.0.0.1:1/", key = key }:certificate { names = { name }, responder = responder }
    end, wanted, 1, true)
    assert.error_matches(function()
      acme.renew { directory = "https://127.0.0.1:1/", names = name, file = "/none/f", account = "/none/a",
        responder = responder }
    end, wanted, 1, true)
  end
  assert.error_matches(function()
    acme.renew { directory = "https://127.0.0.1:1/", names = "a", file = "/none/f", account = "/none/f",
      responder = responder }
  end, "option 'account'")
end)

it("names are those that were ordered, in whichever case the server has them", function()
  local told = {}
  assert(tried(function(answers)
    local honest_order, look = answers.order, 0
    answers.authz.body.status = "pending"
    function answers.order()
      look = look + 1
      local answer = honest_order()
      if look > 1 then return answer end
      local body = { status = "pending" }
      for name, value in pairs(answer.body) do body[name] = body[name] or value end
      return { body = body }
    end
    function answers.challenge()
      answers.authz.body.status = "valid"
      return { body = {} }
    end
  end, { names = { "A.Example" }, responder = acme.dns(function(...)
    told[#told + 1] = table.concat({ ... }, " ", 1, 2)
    return true
  end) }))
  assert.same({ "add _acme-challenge.A.Example", "remove _acme-challenge.A.Example" }, told)
end)

-- RFC 8738 section 6, with RFC 3596 section 2.5's example.
it("tls-alpn-01 of an address is asked for by its name in the reverse tree", function()
  for address, name in pairs {
    ["192.0.2.1"] = "1.2.0.192.in-addr.arpa", ["4321:0:1:2:3:4:567:89ab"] =
      "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
  } do
    local own = acme.tls_alpn()
    assert(own.add(address, "token", "token.thumbprint"))
    local hello = { alpn = { "acme-tls/1" }, server_name = name:upper() }
    assert.is_truthy(own.on_client_hello(hello))
    assert.is_false(own.on_client_hello { alpn = hello.alpn, server_name = address })
    own.remove(address)
    assert.is_false(own.on_client_hello(hello))
  end
end)

describe("signatures", function()
  it("have RFC 8037's thumbprint of a key", function() -- appendix A.3
    local octets = mime.unb64 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert.equal("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
      jws.thumbprint { type = "ed25519", public_key = octets })
  end)

  it("have two numbers of one size, however short they are", function() -- RFC 7518 section 3.4
    for kind, size in pairs { ["P-256"] = 64, ["P-384"] = 96 } do
      local key, digits = assert(mkcert.key(kind)), (size * 8 + 5) // 6
      for i = 1, 1500 do -- of which a dozen have a number that begins with a zero octet
        local signature = assert(jws.sign({ key = key, url = "u" }, tostring(i))):match '"signature":"([%w_-]+)"'
        assert.equal(digits, #signature)
      end
    end
  end)
end)

describe("nonces", function()
  it("refused for ever come to an end", function()
    local issued, err, _, asked = tried(function(answers)
      answers.new = { status = 400, body = problem "badNonce" }
    end)
    assert.is_nil(issued)
    assert.same({ "acme", "badNonce", "peer" }, { err.code, err.problem, err.side })
    assert.equal(20, count(asked, "new"))
  end)

  it("refused for a while are nothing", function()
    local left = 5
    assert(tried(function(answers, base)
      local real = { status = 201, headers = ("Location: %sorder\r\n"):format(base) }
      function answers.new()
        left = left - 1
        return left > 0 and { status = 400, body = problem "badNonce" } or real
      end
    end))
  end)

  it("that are none, or missing, are an error", function()
    for _, nonce in ipairs { false, "a b", "", "<script>" } do
      local issued, err = tried(function(answers)
        answers.nonce = { body = "", nonce = nonce }
        answers.account.nonce = nonce
      end)
      assert.is_nil(issued)
      assert.matches("no Replay%-Nonce", err.message)
    end
  end)
end)

describe("a server that is busy", function()
  local function limited(headers, status, times)
    return tried(function(answers)
      local usual, left = answers.new, times or 1
      function answers.new()
        left = left - 1
        return left < 0 and usual or { status = status or 429, body = problem "rateLimited", headers = headers }
      end
    end)
  end

  it("is asked again when it says, if that is soon", function()
    local issued, _, own = limited("Retry-After: 7\r\n")
    assert.truthy(issued)
    assert.same({ 7 }, own.pauses)
    issued, _, own = limited("Retry-After: 0\r\n", 503)
    assert.truthy(issued)
    assert.same({ 1 }, own.pauses)
    issued = limited("Retry-After: 1\r\n", 503, 9)
    assert.is_nil(issued)
  end)

  it("is left alone for longer, and the error says for how long", function()
    local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 7200)
    for headers, seconds in pairs { ["Retry-After: 3600\r\n"] = 3600, ["Retry-After: " .. date .. "\r\n"] = 7200,
      ["Retry-After: 99999999999999999999\r\n"] = 604800 } do
      local issued, err, own = limited(headers)
      assert.is_nil(issued)
      assert.equal("rateLimited", err.problem)
      assert.is_true(math.abs(err.retry_after - seconds) < 600)
      assert.matches("staging", err.hint)
      assert.same({}, own.pauses)
    end
  end)

  it("that says no time, or nonsense, is left alone", function()
    for _, value in ipairs { "", "Retry-After: \r\n", "Retry-After: soon\r\n", "Retry-After: -5\r\n",
      "Retry-After: 0x10\r\n", "Retry-After: 1e3\r\n", "Retry-After: Thu, 99 Foo 2026 00:00:00 GMT\r\n",
      "Retry-After: Thu, 99 Nov 2026 99:00:00 GMT\r\n" } do
      local issued, err, own = limited(value)
      assert.is_nil(issued)
      assert.is_nil(err.retry_after)
      assert.same({}, own.pauses)
    end
  end)
end)

describe("problem documents", function()
  local function answered(body, headers)
    local issued, err = tried(function(answers)
      answers.new = { status = 403, body = body, headers = headers or "Content-Type: application/problem+json\r\n" }
    end)
    assert.is_nil(issued)
    return err
  end

  it("of each type of RFC 8555 section 6.7 are told by it", function()
    for kind in ([[accountDoesNotExist alreadyRevoked badCSR badPublicKey badRevocationReason badSignatureAlgorithm caa
        compound connection dns externalAccountRequired incorrectResponse invalidContact malformed orderNotReady
        rateLimited rejectedIdentifier serverInternal tls unauthorized unsupportedContact unsupportedIdentifier
        userActionRequired]]):gmatch "%a+" do
      local err = answered(problem(kind))
      assert.same({ "acme", kind, 403, "no" }, { err.code, err.problem, err.status, err.message })
    end
  end)

  it("tell their subproblems by name (section 6.7.1)", function()
    local err = answered(problem("compound", { subproblems = {
      { type = "urn:ietf:params:acme:error:caa", detail = "CAA says no", identifier = { value = "a.example" } },
      { type = "urn:ietf:params:acme:error:dns" }, {}, 5 } }))
    assert.equal("a.example: CAA says no; urn:ietf:params:acme:error:dns; ?", err.cause)
  end)

  it("that are none are told by their status", function()
    for _, body in ipairs { "", "<html>", "null", "5", '"x"', "[]", "{}", '{"type":5,"detail":{}}', "\xff" } do
      assert.equal("the server answered with status 403", answered(body).message)
    end
  end)

  it("never act on a terminal, and are not told at any length", function()
    local err = answered(problem("\27[2Jx", { detail = ("\27[31m\u{202e}"):rep(10000), title = "\7",
      subproblems = { { detail = "\27]0;x\7", identifier = { value = "\r\n" } } } }))
    for _, name in ipairs { "message", "cause", "problem", "hint" } do
      assert.is_nil((err[name] or ""):find "[\0-\31\127]")
    end
    assert.is_true(#err.message < 2000)
  end)
end)

describe("words of the server", function()
  it("in an order, an authorization or a challenge are shown, and do not act", function()
    local bad = "\27[2J\u{202e}\n"
    local null = json.decode "[null]"[1]
    for name, script in pairs {
      order = function(answers) answers.order = { body = { status = bad } } end,
      authorization = function(answers) answers.authz.body = { status = bad, identifier = { value = bad } } end,
      challenge = function(answers)
        answers.authz.body = { status = "invalid", identifier = { value = bad },
          challenges = { { type = bad, error = { detail = bad } } } }
      end,
      offered = function(answers)
        answers.authz.body = { status = "pending", challenges = { { type = bad }, { type = null }, {} } }
      end,
      location = function(answers) answers.new = { status = 201, headers = "Location: https://a\27[2J/\r\n" } end,
      account = function(answers) answers.account = { status = 201, headers = "Location: \27[2J\r\n" } end,
      finalize = function(answers) answers.order = { body = { status = "ready", finalize = "https://a/" .. bad } } end,
      terms = function(answers)
        answers.directory.body.meta = { termsOfService = bad }
        answers.account = { status = 403, body = problem "userActionRequired" }
      end,
    } do
      local issued, err = tried(function(answers)
        answers.order = { body = { status = "pending", authorizations = answers.order().body.authorizations } }
        script(answers)
      end)
      assert.is_nil(issued, name)
      for _, field in ipairs { "message", "cause", "where", "hint", "problem" } do
        assert.equal(core.printable(err[field] or ""), err[field] or "", name)
      end
    end
  end)
end)

describe("bodies", function()
  local paths = { "directory", "order", "finalize" }

  it("that are no JSON, or cut, or deep, are an error", function()
    for _, body in ipairs { "", "{", "<html>", '{"a":', "[", "nul", ("["):rep(100000), ('{"a":'):rep(100000), "\0" } do
      for _, path in ipairs(paths) do
        local issued, err = tried(function(answers) answers[path] = { body = body } end)
        assert.is_nil(issued)
        assert.equal("decode", err.code)
      end
    end
  end)

  it("are not read at any size", function()
    local huge = json.encode { a = ("x"):rep(1 << 21) }
    for _, path in ipairs { "directory", "order", "chain" } do
      local issued, err = tried(function(answers) answers[path] = { body = huge } end)
      assert.is_nil(issued)
      assert.equal("limit", err.code)
    end
  end)

  it("want no more proofs than names may need", function()
    local issued, err = tried(function(answers, base)
      local urls = {}
      for i = 1, 5000 do urls[i] = base .. "authz" end
      answers.order = { body = { status = "pending", authorizations = urls } }
    end)
    assert.is_nil(issued)
    assert.equal("limit", err.code)
  end)
end)

describe("redirects", function()
  it("of signed requests are not followed", function()
    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      for _, to in ipairs { "http://127.0.0.1:1/", "https://127.0.0.1:1/", "/order" } do
        local issued, err, _, asked = tried(function(answers)
          answers.new = { status = status, headers = ("Location: %s\r\n"):format(to) }
        end)
        assert.is_nil(issued)
        assert.same({ "acme", status }, { err.code, err.status })
        assert.equal(0, count(asked, "order"))
      end
    end
  end)

  it("of the directory lead to HTTPS alone", function()
    local issued, err = tried(function(answers)
      answers.directory = { status = 302, headers = "Location: http://127.0.0.1:1/\r\n" }
    end)
    assert.is_nil(issued)
    assert.equal("redirect", err.code)
  end)

  it("and URLs in the clear, in the directory, are refused before anything is sent", function()
    for _, name in ipairs { "newNonce", "newAccount", "newOrder" } do
      local issued, err = tried(function(answers) answers.directory.body[name] = "http://127.0.0.1:1/" end)
      assert.is_nil(issued)
      assert.matches("URL of HTTPS for '" .. name, err.message)
    end
  end)
end)

describe("orders", function()
  it("may go from pending to valid, or over processing, or wait", function()
    for _, way in ipairs {
      { "valid" }, { "processing", "valid" }, { "processing", "processing", "processing", "valid" },
      { "pending", "pending", "ready", "valid" } } do
      local key = assert(mkcert.key())
      local pem = assert(root:issue { names = "a.example", key = key }).pem
      local issued, err = tried(function(answers, base)
        local at = 0
        local function state()
          at = math.min(at + 1, #way)
          return { body = { status = way[at], authorizations = { base .. "authz" }, finalize = base .. "finalize",
            certificate = base .. "chain" } }
        end
        answers.order, answers.finalize, answers.chain = state, state, { body = pem }
      end, { key = key })
      assert.truthy(issued, tostring(err))
    end
  end)

  it("that stay as they are come to an end", function()
    for _, state in ipairs { "processing", "pending" } do
      local issued, err, own = tried(function(answers, base)
        answers.order = { body = { status = state, authorizations = { base .. "authz" } } }
      end)
      assert.is_nil(issued)
      assert.equal("timeout", err.code)
      assert.matches("stays '" .. state, err.message)
      assert.is_true(#own.pauses > 10)
    end
  end)

  it("whose finalize fails, or does nothing, are an error", function()
    for _, answer in ipairs {
      { status = 500, body = problem "serverInternal" }, { status = 500, body = "" },
      { status = 403, body = problem "orderNotReady" }, { body = { status = "ready" } },
      { body = { status = "pending" } },
      { body = { status = "valid" } }, { body = { status = "invalid", error = problem "badCSR" } } } do
      local issued, err = tried(function(answers) answers.finalize = answer end)
      assert.is_nil(issued)
      assert.equal("acme", err.code)
    end
  end)

  it("of authorizations that came to nothing say which", function()
    for _, state in ipairs { "invalid", "deactivated", "expired", "revoked" } do
      local issued, err = tried(function(answers)
        answers.order = { body = { status = "pending", authorizations = answers.order().body.authorizations } }
        answers.authz.body.status = state
      end)
      assert.is_nil(issued)
      assert.equal(("the authorization of a.example is '%s'"):format(state), err.message)
    end
  end)
end)

describe("chains", function()
  local function given(chain)
    return tried(function(answers, base) honest(base, answers, chain) end)
  end

  it("for another key, or other names, or of nothing, are refused", function()
    local other = assert(root:issue { names = "a.example" }).pem
    for code, chain in pairs {
      key_mismatch = function() return other end,
      acme = function(csr) return root:issue({ request = csr, names = "b.example" }).pem end,
      no_certificates = function() return "" end,
    } do
      local issued, err = given(chain)
      assert.is_nil(issued)
      assert.equal(code, err.code)
    end
    for _, garbage in ipairs { "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "<html>", "\0" } do
      assert.is_nil((given(function(csr) return garbage .. root:issue({ request = csr }).pem:sub(30) end)))
      assert.is_nil((given(function(csr) return root:issue({ request = csr }).pem
        .. "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" end)))
    end
  end)

  it("of no use any more, or not yet, are refused", function()
    local now = os.time()
    for code, dates in pairs {
      expired = { now - 7200, now - 3600 }, not_yet_valid = { now + 200000, now + 300000 },
    } do
      local issued, err = given(function(csr)
        return root:issue({ request = csr, not_before = dates[1], not_after = dates[2] }).pem
      end)
      assert.is_nil(issued)
      assert.equal(code, err.code)
    end
  end)
end)

it("an order is made without 'replaces' where the server says no to it (RFC 9773 section 5)", function()
  for _, said in ipairs { { 409, "alreadyReplaced" }, { 400, "malformed" }, { 404, "malformed" } } do
    local seen = {}
    assert(tried(function(answers)
      local usual = answers.new
      function answers.new(request)
        seen[#seen + 1] = request.payload.replaces or "none"
        return request.payload.replaces and { status = said[1], body = problem(said[2]) } or usual
      end
    end, { replaces = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" }))
    assert.same({ "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", "none" }, seen)
  end
  local issued, err = tried(function(answers) answers.new = { status = 403, body = problem "rejectedIdentifier" } end,
    { replaces = "a.b" })
  assert.is_nil(issued)
  assert.equal("rejectedIdentifier", err.problem)
end)

describe("bearssl.acme.when", function()
  it("reads RFC 3339's times", function()
    for text, seconds in pairs {
      ["1970-01-01T00:00:00Z"] = 0, ["1969-12-31t23:59:59z"] = -1, ["2026-11-26T03:00:00+02:00"] = 1795654800,
      ["2024-02-29T23:59:59.999999999Z"] = 1709251199, ["2000-03-01T00:00:00-23:59"] = 951955140,
      ["9999-12-31T23:59:59Z"] = 253402300799, ["2026-11-26T03:00:00-00:00"] = 1795662000,
    } do assert.equal(seconds, when.rfc3339(text)) end
  end)

  it("takes nothing else for one", function()
    for _, text in ipairs { "", "2026-11-26", "2026-11-26T03:00:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
      "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
      "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+0200", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
      " 2026-01-01T00:00:00Z", "2026-01-01T00:00:00." .. ("1"):rep(100) .. "Z", 5, true, {} } do
      assert.is_nil(when.rfc3339(text))
    end
  end)
end)
