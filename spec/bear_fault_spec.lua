-- Each allocation of the bear engine failing in turn, on either side: an error whose code is "memory", nothing leaked.
local bearssl = require "bearssl"
local fault = require "spec.support.fault"
local pki = require "spec.support.pki"

local time = 1893456000
local own, mine = pki.server.p256, pki.client.p256
local store = assert(bearssl.store(pki.roots))
local client = assert(bearssl.client {
  trust = store, certificate = mine.certificate, key = mine.key, alpn = { "h2" }, time = time, engine = "bear",
  entropy = ("c"):rep(32), chain_cache = 0 })
local server = assert(bearssl.server {
  certificate = own.certificate, key = own.key, client_auth = "require", client_trust = store, alpn = { "h2" },
  time = time, engine = "bear", entropy = ("s"):rep(32) })

-- The error of whichever side has failed.
local function failure(...)
  for _, conn in ipairs { ... } do
    if conn:state() == "failed" then return select(2, conn:feed "") end
  end
end

local function shake_hands(c, s)
  repeat
    local there = c:pull()
    s:feed(there)
    if failure(s, c) then return failure(s, c) end
    local back = s:pull()
    c:feed(back)
    if failure(c, s) then return failure(c, s) end
  until there == "" and back == ""
end

local function carry(from, to)
  from:write(("x"):rep(20000))
  local bytes = from:pull()
  if failure(from) then return failure(from) end
  to:feed(bytes)
  while to:read() do end
  return failure(to)
end

local function part(from, to)
  from:close()
  if failure(from) then return failure(from) end
  to:feed(from:pull())
  if failure(to) then return failure(to) end
  from:feed(to:pull())
  return failure(from)
end

-- A whole connection; gives the client's session.
local function connection(session)
  local c, c_err = client:connection { name = "localhost", session = session }
  if not c then return nil, c_err end
  local s, s_err = server:connection()
  if not s then return nil, s_err end
  local err = shake_hands(c, s) or carry(c, s) or carry(s, c)
  if err then return nil, err end
  local new, new_err = c:session()
  if not new then return nil, new_err end
  err = part(c, s)
  if err then return nil, err end
  assert(c:state() == "closed" and s:state() == "closed" and c:info() ~= nil)
  return new
end

describe("with an allocation that fails", function()
  local session

  it("a connection says so, and the other side gets an alert or an end", function()
    local count
    count, session = fault.each(connection)
    assert.is_true(count > 30)
  end)

  it("a resumed connection says so", function()
    assert.is_true(fault.each(function() return connection(session) end) > 20)
  end)
end)
