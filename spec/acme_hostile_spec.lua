-- bearssl.acme against servers that lie: an error with a code, and nothing of theirs in hooks or files.
local acme = require "bearssl.acme"
local acme_server = require "spec.support.acme_server"
local bearssl = require "bearssl"
local child = require "spec.support.child"
local core = require "bearssl.core"
local disk = require "spec.support.disk"
local json = require "bearssl.https.json"
local mkcert = require "bearssl.mkcert"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"
local x509 = require "bearssl.x509"

local ENDLESS = 1 << 27

local against, root, identity = acme_server.against, acme_server.root, acme_server.identity

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

describe("a validator is answered beside strangers who say nothing", function()
  local STRANGERS = 5

  local function strangers_at(port, n)
    local list = {}
    for i = 1, n do list[i] = assert(socket.connect("127.0.0.1", port)) end
    return list
  end

  -- None was told anything meanwhile.
  local function wait_still(list)
    for _, sock in ipairs(list) do
      sock:settimeout(0)
      assert.equal("timeout", select(2, sock:receive(1)))
      sock:close()
    end
  end

  it("at the port of http-01", function()
    local responder = assert(acme.http { host = "127.0.0.1", port = 0 })
    responder.add("a.example", "token", "token.thumbprint")
    local waiting = strangers_at(responder.port, STRANGERS)
    local sock = assert(socket.connect("127.0.0.1", responder.port))
    sock:send "GET /.well-known/acme-challenge/token HTTP/1.1\r\n\r\n"
    sock:settimeout(0)
    local said, err
    for _ = 1, 100 do
      responder.serve(0.05)
      said, err = sock:receive "*a"
      if said then break end
    end
    assert.matches("token.thumbprint$", assert(said, err))
    wait_still(waiting)
    responder.close()
  end)

  it("at the port of tls-alpn-01", function()
    local responder = assert(acme.tls_alpn_server { host = "127.0.0.1", port = 0 })
    responder.add("a.example", "token", "token.thumbprint")
    local waiting = strangers_at(responder.port, STRANGERS)
    local loop, leaf, err, done = scheduler.loop(), nil, nil, false
    loop:spawn(function() while not done do responder.serve(0.05) end end)
    loop:spawn(function()
      local sock
      sock, err = bearssl.connect("127.0.0.1", responder.port, { verify = "none", name = "a.example",
        alpn = { "acme-tls/1" } })
      leaf, done = sock and sock:peer_certificates()[1], true
      wait_still(waiting)
      if sock then sock:close() end
      responder.close()
    end)
    loop:run()
    assert.is_true(assert(leaf, err):matches_name "a.example")
  end)

  it("however many they are: the oldest has to go", function()
    local responder = assert(acme.http { host = "127.0.0.1", port = 0 })
    responder.add("a.example", "token", "token.thumbprint")
    local waiting = {}
    for _ = 1, 4 do -- no more than the kernel keeps at a time
      table.move(strangers_at(responder.port, 40), 1, 40, #waiting + 1, waiting)
      responder.serve(0.2)
    end
    local sock = assert(socket.connect("127.0.0.1", responder.port))
    sock:send "GET /.well-known/acme-challenge/token HTTP/1.1\r\n\r\n"
    responder.serve(0.2)
    assert.matches("token.thumbprint$", (sock:receive "*a"))
    for _, each in ipairs(waiting) do each:close() end
    responder.close()
  end)
end)

it("what a hook starts has none of our descriptors, and SIGPIPE as it is", function()
  local path = os.tmpname()
  local responder = assert(acme.http { host = "127.0.0.1", port = 0 })
  local hook = "for fd in /proc/$$/fd/*; do readlink $fd; done >%s; grep -E 'Sig(Ign|Blk)' /proc/self/status >>%s"
  assert.equal(0, core.run("sh", "-c", hook:format(path, path)))
  responder.close()
  local file <close> = assert(io.open(path))
  local text = file:read "a"
  os.remove(path)
  assert.is_nil(text:find "socket:")
  assert.equal(0, tonumber(text:match "SigIgn:%s*(%x+)", 16) & 1 << 12)
  assert.equal(0, tonumber(text:match "SigBlk:%s*(%x+)", 16))
end)

it("signals that cannot be blocked cost no descriptor", function()
  local program = "local core = require 'bearssl.core'; for i = 1, 100 do assert(not core.signals()) end; "
    .. "for fd in require 'lfs'.dir '/proc/self/fd' do print(fd) end"
  local pipe <close> = assert(io.popen(("env %s %s lua5.4 -e %q"):format(child, disk { no_mask = true }, program)))
  local count = 0
  for _ in pipe:lines() do count = count + 1 end
  assert.is_true(count >= 3 and count < 50)
end)
