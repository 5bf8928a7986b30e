-- bearssl.acme against pebble, which refuses one nonce in two here and never validates twice the same way.
local acme = require "bearssl.acme"
local bearssl = require "bearssl"
local https = require "bearssl.https"
local mkcert = require "bearssl.mkcert"
local pebble = require "spec.support.pebble"
local scheduler = require "bearssl.scheduler"
local x509 = require "bearssl.x509"

local faults = "PEBBLE_WFE_NONCEREJECT=50 PEBBLE_AUTHZREUSE=0"

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  local out = pipe:read "a"
  return pipe:close() ~= nil, out
end

describe("bearssl.acme and pebble", function()
  local dir, http, alpn, server

  setup(function()
    dir = select(2, run "mktemp -d"):match "%C+"
    http = assert(acme.http { host = "127.0.0.1", port = 0 })
    alpn = assert(acme.tls_alpn_server { host = "127.0.0.1", port = 0 })
    server = pebble.start { http_port = http.port, tls_port = alpn.port, environment = faults }
  end)
  teardown(function()
    http.close()
    alpn.close()
    server.stop()
    run("rm -r " .. dir)
  end)

  local function client(key)
    return acme.new { directory = server.directory, key = key or assert(mkcert.key()), trust = server.trust,
      terms_agreed = true, contact = { "mailto:me@example.com" } }
  end

  local function hook(action, name, value)
    if action == "add" then server.set_txt(name, value) else server.clear_txt(name) end
    return true
  end

  local function is_for(issued, ...)
    local chain = assert(x509.parse(issued.pem))
    assert(#chain >= 2)
    for _, name in ipairs { ... } do assert(chain[1]:matches_name(name)) end
    assert(issued.key:matches(chain[1]))
  end

  it("make an account once, for keys of each kind", function()
    for _, kind in ipairs { "P-256", "P-384" } do
      local key = assert(mkcert.key(kind))
      local url = assert(client(key):account())
      assert.equal(url, assert(client(key):account()))
    end
  end)

  it("agree on http-01, for several names at once", function()
    local issued = assert(client():certificate { names = { "a.example", "b.example" }, responder = http })
    is_for(issued, "a.example", "b.example")
  end)

  it("agree on tls-alpn-01", function()
    is_for(assert(client():certificate { names = "c.example", responder = alpn, key = "P-384" }), "c.example")
  end)

  it("agree on addresses", function()
    is_for(assert(client():certificate { names = "127.0.0.1", responder = http }), "127.0.0.1")
    is_for(assert(client():certificate { names = "127.0.0.1", responder = alpn }), "127.0.0.1")
  end)

  it("agree on dns-01, for a wildcard and the name itself", function()
    is_for(assert(client():certificate { names = { "*.d.example", "d.example" }, responder = acme.dns(hook) }),
      "x.d.example", "d.example")
  end)

  it("agree on http-01 by files", function()
    local files = acme.webroot(dir .. "/root")
    local responder = {
      type = "http-01",
      add = function(name, token, authorization)
        assert(files.add(name, token, authorization))
        local file = assert(io.open(dir .. "/root/.well-known/acme-challenge/" .. token, "rb"))
        assert.equal(authorization, file:read "a")
        file:close()
        return http.add(name, token, authorization)
      end,
      remove = function(name, token)
        files.remove(name, token)
        http.remove(name, token)
      end,
      serve = http.serve,
    }
    is_for(assert(client():certificate { names = "w.example", responder = responder }), "w.example")
    assert.equal("", select(2, run(("find %s/root -type f"):format(dir))))
  end)

  it("tell why a name is not validated, and take what was added away", function()
    local removed
    local responder = { type = "http-01", add = function() return true end, remove = function() removed = true end,
      serve = http.serve }
    local ok, err = client():certificate { names = "e.example", responder = responder }
    assert.is_nil(ok)
    assert.same({ "acme", "unauthorized", "peer" }, { err.code, err.problem, err.side })
    assert.matches("look at DNS", err.hint)
    assert.is_true(removed)
  end)

  it("tell that a wildcard wants dns-01", function()
    local ok, err = client():certificate { names = "*.f.example", responder = http }
    assert.is_nil(ok)
    assert.matches("offers no http%-01, but .*dns%-01", err.message)
    assert.matches("dns%-01 alone", err.hint)
  end)

  it("tell that the terms must be agreed to", function()
    local ok, err = acme.new { directory = server.directory, key = assert(mkcert.key()), trust = server.trust }
      :account()
    assert.is_nil(ok)
    assert.equal("acme", err.code)
    assert.matches("terms", err.hint)
  end)

  it("revoke", function()
    local own = client()
    local issued = assert(own:certificate { names = "g.example", responder = http })
    local leaf = x509.parse(issued.pem)[1]
    assert.is_true(own:revoke(leaf, 1))
    local ok, err = own:revoke(leaf, 1)
    assert.is_nil(ok)
    assert.equal("alreadyRevoked", err.problem)
  end)

  it("bind an account elsewhere", function()
    local other = pebble.start { mac_key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" }
    local mac = require "mime".unb64 "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    local options = { directory = other.directory, key = assert(mkcert.key()), trust = other.trust,
      terms_agreed = true }
    local ok, err = acme.new(options):account()
    assert.is_nil(ok)
    assert.equal("externalAccountRequired", err.problem)
    options.external_account = { kid = "kid-1", key = mac }
    assert(acme.new(options):account())
    other.stop()
  end)

  describe("renew a file", function()
    local options

    before_each(function()
      run(("rm -rf %s/live; mkdir %s/live"):format(dir, dir))
      options = {
        names = { "r.example" }, file = dir .. "/live/r.pem", account = dir .. "/account.key", responder = http,
        directory = server.directory, trust = server.trust, terms_agreed = true,
      }
    end)

    local function listing() return select(2, run(("cd %s/live && ls"):format(dir))):gsub("%s+", " ") end

    it("from an empty folder, once", function()
      local what, info = assert(acme.renew(options))
      assert.equal("renewed", what)
      assert(info.certificate:matches_name "r.example")
      assert.equal("r.pem r.pem.lock ", listing())
      assert.equal("600", select(2, run("stat -c %a " .. options.file)):match "%d+")
      assert(bearssl.server { certificate = options.file })
      local again, same = assert(acme.renew(options))
      assert.equal("fresh", again)
      assert.equal(info.certificate, same.certificate)
    end)

    it("when a third of its lifetime is left, when its names change, and when told to", function()
      local _, first = assert(acme.renew(options))
      local lifetime = first.certificate.not_after - first.certificate.not_before
      local latest = first.certificate.not_after - lifetime // 3
      assert.is_true(first.due <= latest + 1)
      assert.truthy(first.retry_after or first.due >= latest - 1) -- it may have ARI
      options.time = first.due - 1
      assert.equal("fresh", (assert(acme.renew(options))))
      options.time = first.due
      local what, second = assert(acme.renew(options))
      assert.equal("renewed", what)
      assert.not_equal(first.certificate.public_key.spki, second.certificate.public_key.spki)
      options.time, options.names = nil, { "r.example", "s.example" }
      assert.equal("renewed", (assert(acme.renew(options))))
      options.force = true
      assert.equal("renewed", (assert(acme.renew(options))))
    end)

    it("going on with the order of a run that ended at any of its steps", function()
      for step = 1, 3 do
        local function breaks(responder)
          local broken = setmetatable({}, { __index = responder })
          function broken.add(...)
            if step == 1 then error "killed" end
            local ok, err = responder.add(...)
            if step == 2 then error "killed" end
            return ok, err
          end
          function broken.remove(...)
            responder.remove(...)
            if step == 3 then error "killed" end
          end
          return broken
        end
        run(("rm -rf %s/live; mkdir %s/live"):format(dir, dir))
        options.responder, options.names = breaks(http), { ("step-%d.example"):format(step) } -- never validated before
        assert.has_error(function() acme.renew(options) end)
        assert.equal("r.pem.lock r.pem.new.key r.pem.state ", listing())
        local key = assert(bearssl.key.load(options.file .. ".new.key")).pin
        options.responder = http
        local what, info = assert(acme.renew(options))
        assert.equal("renewed", what)
        assert.equal("r.pem r.pem.lock ", listing())
        assert.equal(key, info.certificate.pin)
      end
    end)

    it("with no file of something else replaced, unless told to", function()
      for _, text in ipairs { "", "mine\n" } do
        local file <close> = assert(io.open(options.file, "w"))
        file:write(text)
        file:close()
        local ok, err = acme.renew(options)
        assert.is_nil(ok)
        assert.matches("move it away", err.hint)
        assert.equal(text, io.open(options.file):read "a")
      end
      options.force = true
      assert.equal("renewed", (assert(acme.renew(options))))
    end)

    it("and forget the order of a run that ended behind the swap", function()
      options.names = { "u.example" }
      local real, kept = os.remove, {}
      os.remove = function(path) kept[#kept + 1] = path end -- luacheck: ignore 122
      local ok, what, first = pcall(acme.renew, options)
      os.remove = real -- luacheck: ignore 122
      assert(ok, what)
      assert.equal(2, #kept)
      assert.equal("r.pem r.pem.lock r.pem.new.key r.pem.state ", listing())
      options.time = first.due
      local _, second = assert(acme.renew(options))
      assert.not_equal(first.certificate.pin, second.certificate.pin)
      assert.equal("r.pem r.pem.lock ", listing())
    end)

    it("not while another process is at it", function()
      local core = require "bearssl.core"
      local lock = assert(core.lock_file(options.file .. ".lock"))
      local ok, err = acme.renew(options)
      lock:close()
      assert.is_nil(ok)
      assert.equal("locked", err.code)
    end)

    it("keeping what there is where the state is nonsense, or the folder cannot be written", function()
      for _, nonsense in ipairs { "", "{", '{"version":9}', '{"version":1,"names":"r.example","order":5}',
        '{"version":1,"names":"r.example","order":"https://127.0.0.1:1/x"}' } do
        local file <close> = assert(io.open(options.file .. ".state", "w"))
        file:write(nonsense)
        file:close()
        local what = acme.renew(options)
        if nonsense:find ":1/x" then
          os.remove(options.file .. ".state")
        else
          assert.equal("renewed", what)
          os.remove(options.file)
        end
      end
      options.file = dir .. "/none/r.pem"
      local ok, err = acme.renew(options)
      assert.is_nil(ok)
      assert.equal("file_write", err.code)
    end)

    it("under load, with no request that fails", function()
      assert(acme.renew(options))
      local listener = assert(bearssl.listen { host = "127.0.0.1", port = 0, certificate = options.file,
        watch = false })
      local port = select(2, listener:getsockname())
      local loop, done, seen, failed = scheduler.loop(), false, {}, 0
      loop:spawn(listener.run, listener, function(sock)
        repeat local line = sock:receive "*l" until not line or line == ""
        sock:send "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n"
      end)
      loop:spawn(function()
        local config = assert(bearssl.client { verify = "none" })
        while not done do
          local response = https.get(("https://127.0.0.1:%d/"):format(port), { config = config, name = "r.example" })
          if response and response.body == "hi\n" then seen[#seen + 1] = true else failed = failed + 1 end
        end
        listener:close(0)
      end)
      local first = x509.load(options.file)[1]
      loop:spawn(function()
        options.force = true
        assert.equal("renewed", (assert(acme.renew(options))))
        assert(listener:reload())
        local sock = assert(bearssl.connect("127.0.0.1", port, { verify = "none", name = "r.example" }))
        assert.not_equal(first, sock:peer_certificates()[1])
        sock:close()
        done = true
      end)
      loop:run()
      assert.equal(0, failed)
      assert.is_true(#seen > 0)
    end)
  end)
end)
