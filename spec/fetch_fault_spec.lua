-- A handshake that waits for an issuer and for word of revocation, with each allocation failing in turn: nothing
-- crashes or leaks, and with memory enough it goes through.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local fault = require "spec.support.fault"
local fetch = require "bearssl.fetch"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

describe("without memory, a handshake that fetches", function()
  local pair = revoke.issue("fault", {
    names = "localhost", ca_issuers = "http://ca.example/ca", crl = "http://ca.example/crl",
  })
  local day = 86400
  local answers = {
    ["http://ca.example/ca"] = pki.read(pki.dir .. "/p256-intermediate.pem"),
    ["http://ca.example/crl"] = revoke.crl { issuer = "p256-intermediate", this_update = os.time() - day,
      next_update = os.time() + 30 * day },
  }

  local function prepare()
    local object = fetch.new { retry_after = 0, http = function(request) return answers[request.url], 200, {} end }
    local client = assert(bearssl.client {
      trust = pki.root.p256, aia = object, revocation = { leaf_only = true, fetch = object }, engine = "native",
    })
    return { client, assert(bearssl.server { certificate = pair.certificate, key = pair.key, engine = "native" }) }
  end

  local function act(configs)
    local c = configs[1]:connection { name = "localhost" }
    local s = configs[2]:connection()
    if not c or not s then return nil end
    ends.join(c, s)
    return c:state() == "connected" or nil
  end

  it("ends in order", function()
    for n = 1, 100000 do
      local configs = prepare()
      local reached, _, done = fault.at(n, act, configs)
      if not reached then
        assert.is_true(done)
        assert.truthy(n > 50)
        return
      end
    end
  end)
end)
