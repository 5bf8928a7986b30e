-- A pebble newer than Debian's, from Go's modules, for `make interop`: what the end-to-end spec says of Debian's, and
-- renewal as the server suggests it (RFC 9773), with one nonce in two refused.
local acme = require "bearssl.acme"
local https = require "bearssl.https"
local json = require "bearssl.https.json"
local pebble = require "spec.support.pebble"

local VERSION = "v2.10.1"

local top = io.popen "pwd":read "l"

local function run(command)
  local pipe = assert(io.popen("{ " .. command .. "; } 2>&1 </dev/null"))
  local out = pipe:read "a"
  return pipe:close() ~= nil, out
end

describe("pebble " .. VERSION, function()
  local debian = pebble.program

  setup(function()
    local install = "GOTOOLCHAIN=local GOBIN=%s/build/interop go install github.com/letsencrypt/pebble/v2/cmd/pebble@%s"
    local ok, out = run(install:format(top, VERSION))
    assert(ok, out)
    pebble.program = top .. "/build/interop/pebble"
  end)
  teardown(function() pebble.program = debian end)

  assert(loadfile("spec/peers/pebble_spec.lua", "t", _ENV))()

  describe("suggests when to renew", function()
    local dir, server, http, options

    setup(function()
      http = assert(acme.http { host = "127.0.0.1", port = 0 })
      server = pebble.start { http_port = http.port, environment = "PEBBLE_WFE_NONCEREJECT=50 PEBBLE_AUTHZREUSE=0" }
    end)
    teardown(function()
      http.close()
      server.stop()
    end)
    before_each(function()
      dir = select(2, run "mktemp -d"):match "%C+"
      options = { names = { "r.example" }, file = dir .. "/r.pem", account = dir .. "/account.key", responder = http,
        directory = server.directory, trust = server.trust, terms_agreed = true }
    end)
    after_each(function() run("rm -r " .. dir) end)

    -- What it says of the certificate from now on.
    local function suggest(certificate, text)
      local response = assert(https.post(server.management .. "set-renewal-info/",
        json.encode { certificate = certificate:pem(), ariResponse = text }, { trust = server.trust }))
      assert.equal(200, response.status)
    end

    it("in a window of its own", function()
      local _, info = assert(acme.renew(options))
      local lifetime = info.certificate.not_after - info.certificate.not_before
      assert.is_true(info.due > info.certificate.not_before)
      assert.is_true(info.due <= info.certificate.not_after - lifetime // 3 + 1)
      assert.equal(6 * 3600, info.retry_after)
    end)

    it("at once, and is told which certificate the new one replaces", function()
      local _, first = assert(acme.renew(options))
      suggest(first.certificate, json.encode { suggestedWindow = { start = "2020-01-01T00:00:00+02:00",
        ["end"] = "2020-01-02T00:00:00.5Z" } })
      local what, second = assert(acme.renew(options))
      assert.equal("renewed", what)
      assert.not_equal(first.certificate.pin, second.certificate.pin)
      assert.matches("is a replacement of", server.output())
      assert.equal("fresh", (assert(acme.renew(options))))
    end)

    it("and is not believed where that is nonsense", function()
      local _, first = assert(acme.renew(options))
      for _, text in ipairs { "", "{", "[]",
        '{"suggestedWindow":{"start":"2021-01-03T00:00:00Z","end":"2021-01-02T00:00:00Z"}}',
        '{"suggestedWindow":{"start":"yesterday","end":"today"}}' } do
        suggest(first.certificate, text)
        assert.equal("fresh", (assert(acme.renew(options))))
      end
    end)

    it("and says no to a certificate that was replaced already, which is renewed all the same", function()
      local _, first = assert(acme.renew(options))
      run(("cp %s %s/kept"):format(options.file, dir))
      options.time = first.due
      assert.equal("renewed", (assert(acme.renew(options))))
      run(("cp %s/kept %s"):format(dir, options.file))
      assert.equal("renewed", (assert(acme.renew(options))))
    end)
  end)
end)
