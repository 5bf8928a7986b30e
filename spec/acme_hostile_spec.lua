-- bearssl.acme against servers that lie: an error with a code, and nothing of theirs in hooks or files.
local acme = require "bearssl.acme"
local bearssl = require "bearssl"
local json = require "bearssl.https.json"
local mkcert = require "bearssl.mkcert"
local scheduler = require "bearssl.scheduler"
local x509 = require "bearssl.x509"

local MAX_BODY, ENDLESS = 65536, 1 << 27

local root = assert(mkcert.authority { name = "ACME" })
local identity = assert(root:issue { names = "127.0.0.1" })

local function answer(sock, answers)
  local path, size = (sock:receive "*l" or ""):match "^%u+ (%S+)", 0
  for line in function() return sock:receive "*l" end do
    if line == "" then break end
    size = tonumber(line:match "^[Cc]ontent%-[Ll]ength: (%d+)") or size
  end
  if size > 0 then sock:receive(math.min(size, MAX_BODY)) end
  local said = path and answers[path:sub(2)]
  if type(said) == "function" then said = said() end
  said = said or { status = 404, body = "{}" }
  local body = type(said.body) == "table" and json.encode(said.body) or said.body or "{}"
  sock:send(("HTTP/1.1 %d Said\r\nReplay-Nonce: n\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s"):format(
    said.status or 200, path == "nonce" and 0 or #body, said.headers or "", path == "/nonce" and "" or body))
end

-- A server with these answers by path, on top of what an order needs; what fn(url, answers) gives.
local function against(fn)
  local answers = {}
  local listener = assert(bearssl.listen { host = "127.0.0.1", port = 0, certificate = identity.pem, key = identity.key,
    watch = false, fetch_staple = false })
  local base = ("https://127.0.0.1:%d/"):format((select(2, listener:getsockname())))
  answers.directory = { body = { newNonce = base .. "nonce", newAccount = base .. "account",
    newOrder = base .. "new" } }
  answers.nonce = { body = "" }
  answers.account = { status = 201, headers = ("Location: %saccount/1\r\n"):format(base) }
  answers.new = { status = 201, headers = ("Location: %sorder\r\n"):format(base) }
  answers.order = { body = { status = "pending", authorizations = { base .. "authz" }, finalize = base .. "finalize" } }
  answers.authz = { body = { status = "pending", identifier = { type = "dns", value = "a.example" }, challenges = {
    { type = "dns-01", token = "abc", url = base .. "challenge" } } } }
  local loop, result = scheduler.loop(), nil
  loop:spawn(listener.run, listener, function(sock) answer(sock, answers) end)
  loop:spawn(function()
    result = table.pack(pcall(fn, base, answers))
    listener:close(0)
  end)
  loop:run()
  assert(result[1], result[2])
  return table.unpack(result, 2, result.n)
end

local function client(base)
  return acme.new { directory = base .. "directory", key = assert(mkcert.key()), trust = root.certificate:pem() }
end

describe("an ACME server that lies", function()
  local seen, pauses -- what the hook was called with, and how long the client waited
  before_each(function() seen, pauses = {}, {} end)

  local function order(base, key)
    local own = client(base)
    own.pause = function(seconds) pauses[#pauses + 1] = seconds end
    return own:certificate { names = { "a.example" }, key = key, responder = acme.dns(function(action, name)
      seen[#seen + 1] = action .. " " .. name
      return true
    end) }
  end

  local null = json.decode "[null]"[1]
  local shapes = {
    ["an order without a list"] = { "order", { status = "pending", authorizations = 5 } },
    ["an order of numbers"] = { "order", { status = "pending", authorizations = { 5 } } },
    ["an order of null"] = { "order", { status = "pending", authorizations = { null } } },
    ["an order in the clear"] = { "order", { status = "pending", authorizations = { "http://127.0.0.1/" } } },
    ["an order of spaces"] = { "order", { status = "pending", authorizations = { "https://a b/\r\nX: y" } } },
    ["a finalize that is none"] = { "order", { status = "ready" } },
    ["a status that is none"] = { "order", { status = { 1 } } },
    ["challenges that are none"] = { "authz", { status = "pending", challenges = 5 } },
    ["challenges of numbers"] = { "authz", { status = "invalid", challenges = { 5 } } },
    ["challenges of null"] = { "authz", { status = "invalid", challenges = null } },
    ["a token that is a path"] = { "authz", { status = "pending",
      challenges = { { type = "dns-01", token = "../x" } } } },
    ["subproblems of numbers"] = { "authz", { status = "invalid",
      challenges = { { error = { subproblems = { 5 } } } } } },
  }
  for name, shape in pairs(shapes) do
    it("by " .. name .. " is told an error", function()
      local ok, err = against(function(base, answers)
        answers[shape[1]] = { body = shape[2] }
        return order(base)
      end)
      assert.is_nil(ok)
      assert.is_string(err.code)
      assert.same({}, seen)
    end)
  end

  it("about the name gets nothing into the hook", function()
    for _, name in ipairs { "b.example", "a.example; reboot", "\27[2J", "a.example\n", "" } do
      local ok, err = against(function(base, answers)
        answers.authz.body.identifier.value = name
        return order(base)
      end)
      assert.is_nil(ok)
      assert.matches("was not ordered", err.message)
      assert.is_nil(err.message:find "%c")
    end
    assert.same({}, seen)
  end)

  it("about when to ask again is not asked without a pause", function()
    local looks = 0
    local ok, err = against(function(base, answers)
      function answers.order()
        looks = looks + 1
        return { body = { status = looks < 5 and "processing" or "invalid" }, headers = "Retry-After: 0\r\n" }
      end
      return order(base)
    end)
    assert.is_nil(ok)
    assert.matches("'invalid'", err.message)
    assert.same({ 0.5, 0.5, 0.5 }, pauses)
  end)

  it("gets no key and no words into the chain", function()
    local key = assert(mkcert.key())
    local leaf = assert(root:issue { names = "a.example", key = key })
    local issued = assert(against(function(base, answers)
      answers.order = { body = { status = "valid", certificate = base .. "chain" } }
      answers.chain = { body = "words\n-----BEGIN X-----\nAAAA\n-----END X-----\n" .. leaf.pem:gsub("%s+$", "") }
      return order(base, key)
    end))
    assert.equal(leaf.pem, issued.pem)
    assert.equal(leaf.certificate, x509.parse(issued.pem)[1])
  end)
end)

it("tls-alpn-01 is answered by a certificate that signed itself (RFC 8737 section 3)", function()
  local responder = acme.tls_alpn()
  assert(responder.add("a.example", "token", "token.thumbprint"))
  local listener = assert(bearssl.listen { host = "127.0.0.1", port = 0, certificate = identity.pem, key = identity.key,
    watch = false, fetch_staple = false, on_client_hello = responder.on_client_hello })
  local loop, leaf, err = scheduler.loop(), nil, nil
  loop:spawn(listener.run, listener, function(sock) sock:receive "*a" end)
  loop:spawn(function()
    local sock
    sock, err = bearssl.connect("127.0.0.1", (select(2, listener:getsockname())),
      { verify = "none", name = "a.example", alpn = { "acme-tls/1" } })
    leaf = sock and sock:peer_certificates()[1]
    if sock then sock:close() end
    listener:close(0)
  end)
  loop:run()
  assert(leaf, err)
  assert.is_true(leaf:is_self_signed())
  assert.is_true(leaf:matches_name "a.example")
end)

it("http-01 answers a request of some size, and reads no line without end", function()
  local responder = assert(acme.http { host = "127.0.0.1", port = 0 })
  responder.add("a.example", "token", "token.thumbprint")
  local loop, said, sent, done = scheduler.loop(), {}, 0, false
  loop:spawn(function() while not done do responder.serve(0.05) end end)
  loop:spawn(function()
    for i, headers in ipairs { "", "A: b\r\n", ("A: b\r\n"):rep(1000) } do
      local sock = scheduler.socket(assert(scheduler.connect("127.0.0.1", responder.port)))
      sock:send("GET /.well-known/acme-challenge/token HTTP/1.1\r\n" .. headers .. "\r\n")
      said[i] = sock:receive "*a"
      sock:close()
    end
    local sock = scheduler.socket(assert(scheduler.connect("127.0.0.1", responder.port)))
    while sent < ENDLESS and sock:send(("x"):rep(65536)) do sent = sent + 65536 end
    sock:close()
    done = true
  end)
  loop:run()
  responder.close()
  for i = 1, 3 do assert.matches("^HTTP/1.1 200 .*\r\n\r\ntoken.thumbprint$", said[i]) end
  assert.is_true(sent < ENDLESS)
end)
