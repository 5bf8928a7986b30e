-- Each allocation failing in turn, in all that allocates: a clear error, and (the sanitizer tells) nothing leaked.
-- `make fault` runs this, with the build whose malloc can fail.
local bearssl = require "bearssl"
local failure = require "spec.support.failure"
local fault = require "spec.support.fault"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

local TIME = 1767225600 -- 2026-01-01

local function some(act, ...)
  local count = fault.each(act, ...)
  assert.truthy(count > 0, "it allocates nothing")
end

describe("without memory", function()
  for _, kind in ipairs(pki.kinds) do
    it("a client's config is refused, key " .. kind, function()
      some(function()
        return bearssl.client { trust = pki.roots, alpn = { "h2", "http/1.1" },
          certificate = pki.client[kind].certificate, key = pki.client[kind].key }
      end)
    end)
  end

  it("a server's config is refused", function()
    some(function()
      return bearssl.server { certificate = pki.server.p256.certificate, key = pki.server.p256.key,
        client_auth = "require", client_trust = pki.roots, session_cache = 10 }
    end)
  end)

  it("a store is refused", function()
    some(function() return bearssl.store { pki.roots, pki.read(pki.stranger) } end)
  end)

  it("a chain is not read", function()
    local text = pki.read(pki.server.rsa2048.certificate)
    some(function() return bearssl.x509.parse(text) end)
    some(function() return bearssl.x509.load(pki.server.rsa4096.certificate) end)
  end)

  it("a chain is not verified", function()
    local store = assert(bearssl.store { pki.roots })
    local chain = assert(bearssl.x509.load(pki.server.p256.certificate))
    some(function() return store:verify(chain, { name = "localhost", purpose = "server", time = TIME }) end)
  end)
end)

for engine, engine_options in pairs(failure.engines) do
  describe(("without memory, two connections (%s)"):format(engine), function()
    local client, server
    lazy_setup(function()
      local function options(pair_of, more)
        local all = { time = TIME, alpn = { "h2" }, certificate = pair_of.certificate, key = pair_of.key }
        for _, some_more in ipairs { more, engine_options } do
          for name, value in pairs(some_more) do all[name] = value end
        end
        return all
      end
      client = assert(bearssl.client(options(pki.client.p256, { trust = pki.roots, chain_cache = 0 })))
      server = assert(bearssl.server(options(pki.server.p256, { client_auth = "require", client_trust = pki.roots })))
    end)

    -- Carries bytes both ways until there are none: true; or nil and the error of an end that failed. Either end may be
    -- the one without memory; then its error is the one that counts.
    local function carry(p)
      p:run()
      for _, side in ipairs { "client", "server" } do -- pull says nothing of a failure: the next call does
        if p[side]:state() == "failed" then p[side .. "_err"] = p[side .. "_err"] or select(2, p[side]:feed "") end
      end
      for _, name in ipairs { "client_err", "server_err" } do
        if p[name] and p[name].code == "memory" then return nil, p[name] end
      end
      local err = p.client_err or p.server_err
      return not err or nil, err
    end

    local function new(session)
      local one, err = client:connection { name = "localhost", session = session }
      if not one then return nil, err end
      local other, why = server:connection()
      if not other then return nil, why end
      return setmetatable({ client = one, server = other, to_client = {}, to_server = {} }, pair)
    end

    local function handshake(session)
      local p, err = new(session)
      if not p then return nil, err end
      local done, why = carry(p)
      return done and p, why
    end

    local function connected()
      return assert(handshake())
    end

    it("do not agree", function()
      some(function() return handshake() end)
    end)

    -- BearSSL's engine fails; the native one may do without the session: a full handshake then.
    it("do not resume", function()
      local session = assert(connected().client:session())
      local n = 0
      while true do
        n = n + 1
        local reached, _, p, err = fault.at(n, handshake, session)
        if not reached then
          assert.is_true(n > 1 and p.client:info().resumed)
          return
        end
        if not p then
          assert.equal("memory", type(err) == "table" and err.code, tostring(err))
        else
          assert.equal("native", engine_options.engine)
        end
      end
    end)

    it("give no session", function()
      fault.each(function(p) return p.client:session() end, connected)
    end)

    for from, to in pairs { client = "server", server = "client" } do
      it("carry no data from the " .. from, function()
        fault.each_or_none(function(p) -- a block for the bytes of an idle connection may stay larger
          local last, err = p[from]:write(("x"):rep(40000))
          if not last and err ~= "wantwrite" then return nil, err end
          local done, why = carry(p)
          if not done then return nil, why end
          local well, failed = p[from]:feed "" -- it may have failed after what arrived
          if not well then return nil, failed end
          return p[to]:read()
        end, connected)
      end)
    end
  end)
end
