-- Cipher strings (openssl-ciphers(1)) as bearssl.luasec reads them, held against the openssl command: the suites that
-- both have, in the same order.
local ciphers = require "bearssl.luasec.ciphers"

-- The suites before TLS 1.3 that openssl makes of it; "" where it makes none.
local function openssl(text)
  local supported = text:find "SECLEVEL=[1-5]" and "-s" or "" -- without it, openssl lists what the level forbids
  local pipe = io.popen(("openssl ciphers %s -tls1_2 '%s' 2>/dev/null"):format(supported, text))
  local list = {}
  for name in (pipe:read "l" or ""):gmatch "[^:]+" do list[#list + 1] = name end
  pipe:close()
  return list
end

local everything = {} -- openssl's names of all that it has
for _, name in ipairs(openssl "ALL:COMPLEMENTOFALL:@SECLEVEL=0") do everything[name] = true end

local function ours(text)
  local list = {}
  for _, iana in ipairs(ciphers.parse(text) or {}) do list[#list + 1] = ciphers.of(iana).name end
  return list
end

local function only(list, there)
  local kept = {}
  for _, name in ipairs(list) do
    if there[name] then kept[#kept + 1] = name end
  end
  return table.concat(kept, ":")
end

local all_ours = {}
for _, name in ipairs(ours "ALL") do all_ours[name] = true end

local strings = {
  "ALL", "DEFAULT", "COMPLEMENTOFDEFAULT", "HIGH", "HIGH:!aNULL", "HIGH:!aNULL:!MD5", "HIGH:!aNULL:@STRENGTH", "MEDIUM",
  "ECDHE+AESGCM", "ECDHE+AESGCM:ECDHE+CHACHA20", "EECDH+AESGCM:EECDH+CHACHA20", "kEECDH+AES256", "ECDSA+AESGCM",
  "aECDSA", "aRSA", "RSA", "kRSA", "kRSA+AESGCM:ECDHE", "ECDHE:!ECDSA", "AES128:!kRSA", "AES256+SHA384", "SHA256",
  "SHA384", "SHA1", "SHA", "AESCCM", "AESCCM8", "AESCCM:!AESCCM8", "CHACHA20", "AES", "TLSv1.2", "TLSv1.0", "TLSv1",
  "SSLv3", "HIGH:+ECDHE", "HIGH:+AES256", "HIGH:-RSA:RSA+AES", "ALL:-AESGCM:+SHA256:AESGCM", "HIGH:@SECLEVEL=3",
  "ALL:@SECLEVEL=1", "HIGH:@SECLEVEL=4", "HIGH:@SECLEVEL=5", "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:AES128-SHA", "AES128-SHA AES256-SHA",
  "AES128-SHA,AES256-SHA", "HIGH:!AES128-SHA", "DEFAULT:!SHA1:!SHA256", "ALL:!ALL:AES128-SHA", "ZZZ", "ZZZ:AES128-SHA",
  "HIGH:!ZZZ", "HIGH+kEECDH:HIGH:!PSK:!SRP:!3DES:!aNULL", "DEFAULT:AESCCM", "DEFAULT:+kRSA", "aNULL", "eNULL", "PSK",
  "DHE", "HIGH:@STRENGTH:+AES128", "CHACHA20:AESGCM:!kRSA",
  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE+AESGCM:ECDHE+AES256:!SHA1",
}

describe("a cipher string", function()
  for _, text in ipairs(strings) do
    it(("means what openssl makes of it: %s"):format(text), function()
      assert.equal(only(openssl(text), all_ours), only(ours(text), everything))
    end)
  end

  it("may name a suite as IANA does", function()
    assert.same({ "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
      (ciphers.parse "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"))
  end)

  it("knows 3DES, which some builds of OpenSSL leave out", function()
    assert.same({ "TLS_RSA_WITH_3DES_EDE_CBC_SHA" }, (ciphers.parse "kRSA+3DES"))
  end)

  it("that names nothing is told as such", function()
    assert.same({ nil, "no cipher match" }, { ciphers.parse "ZZZ" })
    assert.same({ nil, "no cipher match" }, { ciphers.parse "" })
    assert.same({ nil, "no cipher match" }, { ciphers.parse "ALL:!ALL" })
  end)

  it("with a command that there is not is refused", function()
    assert.same({ nil, "invalid command" }, { ciphers.parse "ALL:@ZZZ" })
    assert.same({ nil, "invalid command" }, { ciphers.parse "ALL:@SECLEVEL=9" })
  end)

  it("says which security level it sets", function()
    assert.equal(3, select(2, ciphers.parse "HIGH:@SECLEVEL=3"))
    assert.is_nil(select(2, ciphers.parse "HIGH"))
  end)
end)

describe("a string of TLS 1.3's suites", function()
  it("names them in its order, once", function()
    assert.same({ "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256" },
      (ciphers.parse_suites "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"))
  end)
  it("may be empty", function() assert.same({}, (ciphers.parse_suites "")) end)
  it("may name one that is not here, beside others", function()
    assert.same({ "TLS_AES_128_GCM_SHA256" },
      (ciphers.parse_suites "TLS_AES_128_CCM_8_SHA256:TLS_AES_128_GCM_SHA256"))
    assert.same({ nil, "no cipher match" }, { ciphers.parse_suites "TLS_AES_128_CCM_8_SHA256" })
  end)
  it("with another word is refused", function()
    assert.same({ nil, "no cipher match" }, { ciphers.parse_suites "ECDHE-RSA-AES128-GCM-SHA256" })
  end)
end)
