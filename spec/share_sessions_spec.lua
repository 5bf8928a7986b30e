-- What a server's config may be given later, for renewals and several names: another's sessions, a staple, a refusal.
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

local function server_config(options)
  local all = pair.with({ max_version = "1.3" }, options)
  all.entropy = false -- keys differ
  return pair.server_config(all)
end

local function client_config(options)
  return pair.client_config(pair.with({ max_version = "1.3" }, options))
end

local function meet(client, server, session, early_data, name)
  return pair.new(client, server, { name = name or "localhost", session = session, early_data = early_data }):run()
end

describe("config:share_sessions", function()
  it("has one config resume what another has sealed", function()
    local client, first, second = client_config(), server_config(), server_config { alpn = "h2" }
    local session = assert(meet(client, first).client:session())
    assert.is_false(meet(client, second, session).client:info().resumed)
    assert.is_true(second:share_sessions(first))
    session = assert(meet(client, first).client:session())
    assert.is_true(meet(client, second, session).client:info().resumed)
    session = assert(meet(client, second).client:session())
    assert.is_true(meet(client, first, session).client:info().resumed)
  end)

  it("outlives the config that they come from", function()
    local client, first, second = client_config(), server_config(), server_config()
    local session = assert(meet(client, first).client:session())
    assert(second:share_sessions(first))
    assert(second:share_sessions(second))
    first = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_true(meet(client, second, session).client:info().resumed)
  end)

  it("goes under a connection that is open", function()
    local client, first, second = client_config(), server_config(), server_config()
    local p = pair.new(client, second, { name = "localhost" })
    assert(p.server:feed(p.client:pull()))
    assert(second:share_sessions(first))
    p:run()
    assert.equal("connected", p.client:state())
    assert.is_true(meet(client, first, assert(p.client:session())).client:info().resumed)
  end)

  it("does not carry a session to another name", function()
    local client = client_config { verify = "none" }
    local first, second = server_config(), server_config()
    assert(second:share_sessions(first))
    local session = assert(meet(client, first, nil, nil, "one.w.example").client:session())
    assert.is_false(meet(client, second, session, nil, "two.w.example").client:info().resumed)
    session = assert(meet(client, first, nil, nil, "one.w.example").client:session())
    assert.is_true(meet(client, second, session, nil, "one.w.example").client:info().resumed)
  end)

  it("asks a resumed client for what this config asks", function()
    local own = pki.client.p256
    local client = client_config { certificate = own.certificate, key = own.key }
    local first, second = server_config(), server_config { client_auth = "require", client_trust = pki.roots }
    assert(second:share_sessions(first))
    local session = assert(meet(client, first).client:session())
    local p = meet(client, second, session)
    assert.is_false(p.client:info().resumed)
    assert.equal("CN=p256 client,O=Test PKI", tostring(p.server:peer_certificates()[1].subject))
    local stranger = server_config { client_auth = "require", client_trust = pki.stranger }
    assert(stranger:share_sessions(second))
    session = assert(meet(client, second).client:session())
    p = meet(client, stranger, session)
    assert.equal("failed", p.server:state())
  end)

  it("has a replay refused by either", function()
    local function config(seconds)
      return server_config { max_early_data = true, time = pair.time + seconds }
    end
    local client = client_config { early_data = true, time = pair.time + 30 }
    local start, first, second = config(0), config(30), config(30)
    assert(first:share_sessions(start))
    assert(second:share_sessions(start))
    meet(client_config(), start) -- time begins; nothing is accepted until its first seconds are over
    local session = assert(meet(client, first).client:session())
    local p = meet(client, first, session, "GET /")
    assert.equal("accepted", p.client:info().early_data)
    local replay = second:connection()
    assert(replay:feed(p.to_server[1]))
    assert.equal("rejected", replay:info().early_data)
  end)

  it("goes on with keys that change by themselves, and open for as long again", function()
    local client, first = client_config(), nil
    local function at(seconds)
      local server = server_config { time = pair.time + seconds }
      if first then assert(server:share_sessions(first)) end
      first = first or server
      return server
    end
    local function come(server, session)
      local p = meet(client, server, session)
      return p.client:info().resumed, assert(p.client:session())
    end
    local _, early = come(at(0))
    local resumed, late = come(at(3500), early)
    assert.is_true(resumed)
    local newer
    resumed, newer = come(at(3700), late) -- a new key seals, the one before opens
    assert.is_true(resumed)
    resumed = come(at(7000), newer)
    assert.is_true(resumed)
    resumed = come(at(7200), late) -- its time is over
    assert.is_false(resumed)
  end)

  it("is not for a config without tickets", function()
    local ok, err = server_config { session_cache = false }:share_sessions(server_config())
    assert.same({ nil, "state" }, { ok, err.code })
  end)

  it("is for servers", function()
    assert.error_matches(function() server_config():share_sessions(client_config()) end, "a server's config is wanted")
    assert.error_matches(function() client_config():share_sessions(server_config()) end, "a server's config is wanted")
  end)
end)

describe("on_client_hello", function()
  it("refuses a name with false", function()
    local p = meet(client_config(), server_config { on_client_hello = function(hello)
      return hello.server_name ~= "localhost" and nil
    end })
    assert.same({ "failed", "failed" }, { p.client:state(), p.server:state() })
    assert.equal("unknown_name", p.server_err.code)
    assert.equal("unrecognized_name", p.client_err.alert)
  end)
end)

describe("config:set_ocsp_staple", function()
  it("takes a staple away again, of the certificate that is meant", function()
    local one, two = pki.server.rsa2048, pki.server.p256
    local server = server_config { certificate = { one.certificate, two.certificate }, key = { one.key, two.key } }
    local client = client_config { signature_schemes = "ecdsa_secp256r1_sha256", verify = "none" }
    local function staple() return meet(client, server).client:ocsp_staple() end
    assert(server:set_ocsp_staple("0\x80one"))
    assert.is_nil(staple())
    assert(server:set_ocsp_staple("0\x80two", 2))
    assert.equal("0\x80two", staple())
    assert(server:set_ocsp_staple(nil, 2))
    assert.is_nil(staple())
    local ok, err = server:set_ocsp_staple("0\x80three", 3)
    assert.same({ nil, "option" }, { ok, err.code })
  end)
end)

