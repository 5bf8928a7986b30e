-- A peer that speaks TLS 1.3 and 1.2 by itself, in memory, against one connection of ours, and keeps no rule that a
-- spec wants broken.
--
--   local p = hostile.server()          -- it is the server, and a client of ours the one under test
--   local p = hostile.client()          -- the other way round
--   p:run { server_hello = function(m, p) m.cipher_suite = 0x1304 end }
--
-- run goes through p.steps (hostile/server.lua, hostile/client.lua). Before a message goes out, the function of its
-- step's name may change the table that it is made of (hostile/messages.lua). In that table `skip` keeps the message
-- back, `append` adds bytes to its record, `more` lets it wait for the record of the next message, `cut` puts it into
-- two records with between(p) between them, `record` has the options of Peer:seal. A step that is a function is
-- called. It ends where the connection fails: p.err is its error, p.alert what it sent.
local bearssl = require "bearssl"
local client = require "spec.support.hostile.client"
local pki = require "spec.support.pki"
local server = require "spec.support.hostile.server"
local hostile = require "spec.support.hostile.peer"

hostile.time = 1893456000 -- 2030-01-01, within the dates of the test PKI
hostile.server_flows, hostile.client_flows = server, client

local function with(defaults, options)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(options or {}) do all[name] = value end
  return all
end
hostile.with = with

function hostile.client_config(options)
  return assert(bearssl.client(with({ trust = pki.roots, max_version = "1.3", time = hostile.time,
    entropy = ("c"):rep(32) }, options)))
end

function hostile.server_config(options)
  local own = pki.server.p256
  return assert(bearssl.server(with({ certificate = own.certificate, key = own.key, max_version = "1.3",
    time = hostile.time, entropy = ("s"):rep(32) }, options)))
end

local shared = {} -- plain configs, made when first used

-- options: fields of the peer; `steps` is a flow of hostile.server_flows, `config` our client's.
function hostile.server(options)
  options = options or {}
  if not options.config and not options.conn then
    shared.client = shared.client or hostile.client_config()
    options.config = shared.client
  end
  return hostile.new("server", server.steps, options.steps or server.flow_13,
    with({ connection_options = { name = "localhost" } }, options))
end

function hostile.client(options)
  options = options or {}
  if not options.config and not options.conn then
    shared.server = shared.server or hostile.server_config()
    options.config = shared.server
  end
  return hostile.new("client", client.steps, options.steps or client.flow_13, options)
end

-- Both in TLS 1.2, with a suite for ECDSA.
local tls_1_2 = { suite = 0xc02b }

function hostile.server_12(options)
  return hostile.server(with(with(tls_1_2, { steps = server.flow_12 }), options))
end

function hostile.client_12(options)
  return hostile.client(with(with(tls_1_2, { steps = client.flow_12 }), options))
end

-- --- rows of what must be refused -----------------------------------------------------------------------

-- What may be said of a row's changes in one word.
local spoil = {}
hostile.spoil = spoil

function spoil.set(type, data)
  return function(m) hostile.messages.set(m.extensions, type, data) end
end

-- key_share of a ClientHello (RFC 8446 section 4.2.8): { group, key }, ...
function spoil.shares(...)
  local list = {}
  for i, entry in ipairs { ... } do list[i] = (">I2s2"):pack(entry[1], entry[2]) end
  return spoil.set(51, (">s2"):pack(table.concat(list)))
end

function spoil.drop(type)
  return function(m) hostile.messages.drop(m.extensions, type) end
end

function spoil.add(type, data) -- in front, whether or not there is one
  return function(m) table.insert(m.extensions, 1, { type, data }) end
end

function spoil.field(name, value)
  return function(m) m[name] = value end
end

function spoil.tail(m) m.tail = "\0" end
function spoil.cut(m) m.raw = hostile.messages.body(m.name, m):sub(1, -2) end
function spoil.skip(m) m.skip = true end

-- Before the message of its step: a message of another type.
function spoil.before(type, body)
  return function(_, p) p:inject(type, body) end
end

function spoil.record(content_type, plain, options)
  return function(_, p) p:record(content_type, plain, options) end
end

-- For each row { section of RFC 8446 or "RFC 5246 section 7.2", what is refused, alert, changes, options }, a spec.
-- it: busted's. make(options) gives the peer; options.code is the error's, options.after(p) goes on after the steps.
function hostile.rows(it, make, rows)
  for _, row in ipairs(rows) do
    local section, what, alert, changes, options = table.unpack(row, 1, 5)
    it(("refuses %s (%s): %s"):format(what, section:find "RFC" and section or "section " .. section, alert), function()
      options = options or {}
      local p = make(options)
      p:run(changes)
      if options.after and not p.err then options.after(p) end
      hostile.assert_refused(p, alert, options.code)
    end)
  end
end

return hostile
