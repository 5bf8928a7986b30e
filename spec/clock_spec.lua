-- What time it is for a connection: that of each call, not of its beginning; where a config gave one, that.
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local socket = require "socket"
local x509 = require "bearssl.x509"

local own = pki.server.p256

local function next_second()
  local second = os.time()
  while os.time() == second do socket.sleep(0.02) end
end

local count = 0

-- An identity whose notBefore is now.
local function issue(purpose)
  count = count + 1
  local now = os.time()
  local made = revoke.issue("young" .. count, {
    names = "localhost", purpose = purpose, not_before = now, not_after = now + 86400,
  })
  return { certificate = pki.read(made.certificate) .. pki.read(own.issuers), key = made.key }
end

-- A response for `own` whose thisUpdate is now.
local function staple()
  return revoke.ocsp(assert(x509.load(own.leaf))[1])
end

local function states(client, server)
  return { client:state(), server:state() }
end

local connected = { "connected", "connected" }

for _, way in ipairs { { "bear", "1.2" }, { "native", "1.2" }, { "native", "1.3" } } do
  local engine, version = way[1], way[2]

  local function with(options)
    options.engine, options.min_version, options.max_version = engine, version, version
    return options
  end

  describe(("a connection of TLS %s, engine %s,"):format(version, engine), function()
    it("believes a server's certificate that is younger than itself", function()
      local client = assert(ends.client(with {}):connection { name = "localhost" })
      next_second()
      local server = assert(ends.server(with(issue "server")):connection())
      ends.join(client, server)
      assert.same(connected, states(client, server))
    end)

    it("believes a client's certificate that is younger than itself", function()
      local server = assert(ends.server(with { client_auth = "require", client_trust = pki.root.p256 }):connection())
      next_second()
      local client = assert(ends.client(with(issue "client")):connection { name = "localhost" })
      ends.join(client, server)
      assert.same(connected, states(client, server))
    end)

    it("resumes a session that is younger than itself", function()
      local client, server = ends.client(with {}), ends.server(with {})
      local second = assert(server:connection())
      next_second()
      local first = ends.connected(client, server)
      local again = assert(client:connection { name = "localhost", session = assert(first:session()) })
      ends.join(again, second)
      assert.same(connected, states(again, second))
      assert.is_true(second:info().resumed)
    end)

    it("stays at a time that was given", function()
      local client = assert(ends.client(with { time = os.time() }):connection { name = "localhost" })
      next_second()
      local server = assert(ends.server(with(issue "server")):connection())
      server:feed(client:pull())
      local _, err = client:feed(server:pull())
      assert.equal("not_yet_valid", err.code)
    end)
  end)
end

for _, version in ipairs { "1.2", "1.3" } do
  local options = { engine = "native", min_version = version, max_version = version }

  local function judge(time, join)
    local server, client = ends.server(options), ends.client { engine = "native", min_version = version,
      max_version = version, revocation = { leaf_only = true }, time = time }
    return join(client, server, function()
      next_second()
      assert(server:set_ocsp_staple(staple()))
    end)
  end

  local function in_memory(client, server, meanwhile)
    local c = assert(client:connection { name = "localhost" })
    meanwhile()
    local s = assert(server:connection())
    s:feed(c:pull())
    local _, err = c:feed(s:pull())
    return err and err.code or select(2, c:verified_chain()).revocation[1].source
  end

  local function by_sockets(client, server, meanwhile)
    local near, far = ends.tcp()
    local c = assert(client:wrap(near, { name = "localhost" }))
    meanwhile()
    local s = assert(server:wrap(far))
    c:settimeout(0)
    s:settimeout(0)
    local result = ends.both(function() return c:handshake() end, function() return s:handshake() end)
    local source = result[1] and select(2, c:verified_chain()).revocation[1].source
    c:close()
    s:close()
    return source or result[2].code
  end

  for name, join in pairs { ["in memory"] = in_memory, ["by sockets"] = by_sockets } do
    describe(("a staple in TLS %s, %s,"):format(version, name), function()
      it("is believed where it is younger than the connection", function()
        assert.equal("staple", judge(nil, join))
      end)

      it("is one of the future where the time was given", function()
        assert.equal("revocation_unknown", judge(os.time(), join))
      end)
    end)
  end
end
