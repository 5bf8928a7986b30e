-- A key protects a bounded number of records (RFC 8446 section 5.5): TLS 1.3 takes the next one by itself, TLS 1.2
-- ends. Nobody sends that much here: unit.set_records says that it was sent.
local ends = require "spec.support.ends"
local pair = require "spec.support.pair"
local unit = require "bearssl.unit"

local GCM, CCM = 23726566, 1 << 21

local function near_the_limit(options, limit)
  local plain = ends.defaults
  ends.defaults = options
  local c, s, client = ends.connected()
  ends.defaults = plain
  unit.set_records(c, "write", limit - 1)
  unit.set_records(s, "read", limit - 1)
  return c, s, client
end

describe("the records of a key in TLS 1.3", function()
  for suite, limit in pairs { TLS_AES_128_GCM_SHA256 = GCM, TLS_AES_256_GCM_SHA384 = GCM,
    TLS_AES_128_CCM_SHA256 = CCM } do
    it("are followed by a KeyUpdate, " .. suite, function()
      local c, s = near_the_limit({ max_version = "1.3", cipher_suites = suite, min_version = "1.3" }, limit)
      local got = {}
      for i = 1, 3 do
        assert(c:write(tostring(i)))
        local out = c:pull()
        assert.equal(i == 2 and 2 or 1, #pair.records(out)) -- KeyUpdate, before what the old key may not have
        assert(s:feed(out))
        got[i] = s:read()
      end
      assert.equal("123", table.concat(got))
      assert.equal("connected", c:state())
    end)
  end

  it("have no bound of their own with ChaCha20", function()
    local c, s = near_the_limit({ max_version = "1.3", cipher_suites = "TLS_CHACHA20_POLY1305_SHA256",
      min_version = "1.3" }, 1 << 40)
    for _ = 1, 3 do
      assert(c:write "x")
      local out = c:pull()
      assert.equal(1, #pair.records(out))
      assert(s:feed(out))
      assert.equal("x", s:read())
    end
  end)
end)

for engine, options in pairs {
  ["the native engine"] = { max_version = "1.2", engine = "native" },
  ["BearSSL's engine"] = { max_version = "1.2", engine = "bear" },
} do
  describe(("the records of a key in TLS 1.2 (%s)"):format(engine), function()
    for suite, bearssl_only in pairs { TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = false,
      TLS_ECDHE_ECDSA_WITH_AES_128_CCM = true } do
      if options.engine == "bear" or not bearssl_only then
        it("are the last of the connection, which ends in order, " .. suite, function()
          local c, s, client = near_the_limit({ max_version = "1.2", engine = options.engine, cipher_suites = suite },
            bearssl_only and CCM or GCM)
          assert.equal(1, c:write "a")
          local last, err, taken = c:write "bc"
          assert.same({ nil, 0 }, { last, taken })
          assert.same({ "key_limit", "close_notify", "local" }, { err.code, err.alert, err.side })
          assert.truthy(err.hint:find("TLS 1.3", 1, true))
          assert.equal("failed", c:state())
          s:feed(c:pull())
          assert.equal("a", s:read())
          assert.equal("closed", select(2, s:read())) -- in order, not cut off
          assert.equal("key_limit", select(2, c:read()).code)
          assert(client:connection { name = "localhost" })
        end)
      end
    end
  end)
end
