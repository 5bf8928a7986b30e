-- Our side, for specs with real peers: configs that trust the test PKI, and connections with the handshake done.
local bearssl = require "bearssl"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local tls = {}

local SECONDS = 30 -- for any one call

local function with(defaults, options)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(options or {}) do all[name] = value end
  return all
end

-- BearSSL's engine, unless the options ask for another or for a version that it has not.
local function with_engine(defaults, options)
  local all = with(defaults, options)
  all.max_version = all.max_version or "1.2"
  all.engine = all.engine or (all.max_version < "1.3" and "bear" or nil)
  return all
end

-- A client's config that trusts the roots of the test PKI.
function tls.client(options)
  return assert(bearssl.client(with_engine({ trust = pki.roots }, options)))
end

-- A client's config with a chain and key.
function tls.client_with(pair, options)
  return tls.client(with({ certificate = pair.certificate, key = pair.key }, options))
end

function tls.server(pair, options)
  return assert(bearssl.server(with_engine({ certificate = pair.certificate, key = pair.key }, options)))
end

-- A server's config that asks for client certificates of the test PKI.
function tls.mutual_server(pair, options)
  return tls.server(pair, with({ client_auth = "require", client_trust = pki.roots }, options))
end

local function handshake(sock)
  sock:settimeout(SECONDS)
  local done, err = sock:handshake()
  if done then return sock end
  sock:close()
  return nil, err
end

-- A socket whose handshake is done, or nil, error. options: of wrap; the name is localhost unless they say another.
function tls.connect(config, port, options)
  return handshake(assert(config:wrap(peer.connect(port), with({ name = "localhost" }, options))))
end

-- The same for the next client of a listener.
function tls.accept(config, listener)
  return handshake(assert(config:wrap(listener:accept())))
end

local both = {} -- a peer and our socket to it, held by one variable: Lua 5.4 allows one in a statement

function both:__close()
  if self.sock then self.sock:close() end
  self.client:stop()
end

-- Starts a client process, by start(port, ...), and does our side of the handshake: what holds both, the process, and
-- our socket or nil and the error.
function tls.meet(config, start, ...)
  local listener <close> = peer.listen()
  local client = start(listener.port, ...)
  local sock, err = tls.accept(config, listener)
  return setmetatable({ client = client, sock = sock }, both), client, sock, err
end

-- Bytes that no compression, no line end and no text conversion leaves alone; the same for the same size.
function tls.bytes(size)
  local state, words = 0x9E3779B97F4A7C15, {}
  for i = 1, size // 8 + 1 do
    state = state ~ (state << 13)
    state = state ~ (state >> 7)
    state = state ~ (state << 17)
    words[i] = string.pack("<i8", state)
  end
  return table.concat(words):sub(1, size)
end

return tls
