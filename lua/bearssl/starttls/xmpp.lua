-- SPDX-License-Identifier: MIT
-- RFC 6120 section 5: XMPP, of clients and between servers. The few tags that may come are taken apart as XML allows
-- them: quotes, prefixes, empty or not. Section 11.1 forbids comments, processing instructions and declarations.
local talk = require "bearssl.starttls.talk"

local xmpp = {}

local MAX_TAG = 4096 -- bytes
local MAX_TAGS = 256
local TLS = "urn:ietf:params:xml:ns:xmpp-tls"

-- The next tag: its name without prefix, "/" before one that ends, its text, and whether it is empty.
local function next_tag(t)
  local count = t:counter("bytes between tags", MAX_TAG)
  repeat count() until t:read(1) == "<"
  local bytes, quote = {}, nil
  while true do
    local byte = t:read(1)
    if quote then
      quote = byte ~= quote and quote or nil
    elseif byte == "'" or byte == '"' then
      quote = byte
    elseif byte == ">" then
      break
    elseif byte == "<" then
      t:garbage("<" .. table.concat(bytes) .. "<", "a tag")
    end
    bytes[#bytes + 1] = byte
    if #bytes > MAX_TAG then t:fail("limit", "a tag of more than %d bytes", MAX_TAG) end
  end
  local text = table.concat(bytes)
  local slash, name = text:match "^(/?)([^%s/!?]+)"
  if not name and not text:find "^%?xml%s" then t:garbage("<" .. text .. ">", "a tag") end
  if not name then return next_tag(t) end
  return slash .. name:gsub("^.*:", ""), text, text:sub(-1) == "/"
end

local function expect(t, wanted)
  local name, text, empty = next_tag(t)
  if name == "error" then t:refused("<" .. select(2, next_tag(t)) .. ">", "the peer ends the stream") end
  if name == "/stream" then t:refused("<" .. text .. ">", "the peer ends the stream") end
  if name ~= wanted then t:garbage("<" .. text .. ">", "<" .. wanted .. ">") end
  return text, empty
end

local function has_starttls(t)
  local _, empty = expect(t, "features")
  local found, seen, count = false, {}, t:counter("tags", MAX_TAGS)
  while not empty do
    count()
    local name, text = next_tag(t)
    if name == "/features" then break end
    if name == "starttls" and text:find(TLS, 1, true) then found = true end
    if name:sub(1, 1) ~= "/" then seen[#seen + 1] = name end
  end
  if not found then t:refused(table.concat(seen, ", "), "the server does not offer STARTTLS, but") end
end

local function header(options, attributes)
  return ("<?xml version='1.0'?><stream:stream xmlns='%s' xmlns:stream='http://etherx.jabber.org/streams' %s "
    .. "version='1.0'>"):format(talk.word("namespace", options.namespace or "jabber:client"), attributes)
end

function xmpp.client(t, options)
  if not options.greeted then
    local to = talk.word("domain", options.domain or options.name)
    local from = options.from and (" from='%s'"):format(talk.word("from", options.from)) or ""
    t:send(header(options, ("to='%s'%s"):format(to, from)))
    expect(t, "stream")
    has_starttls(t)
  end
  t:send(("<starttls xmlns='%s'/>"):format(TLS))
  local name, text, empty = next_tag(t)
  if name ~= "proceed" then t:refused("<" .. text .. ">") end
  if not text:find(TLS, 1, true) then t:garbage("<" .. text .. ">", "<proceed> of " .. TLS) end
  if not empty then expect(t, "/proceed") end
  return {}
end

function xmpp.server(t, options)
  if not options.greeted then
    local text = expect(t, "stream")
    options.namespace = text:match "xmlns=['\"](jabber:%a+)['\"]" or options.namespace
    local host = options.host or text:match "%sto=['\"]([%w.:-]+)['\"]" or "localhost"
    t:send(header(options, ("id='%08x' from='%s'"):format(math.random(0xffffffff), talk.word("host", host)))
      .. ("<stream:features><starttls xmlns='%s'><required/></starttls></stream:features>"):format(TLS))
    local tag, empty = expect(t, "starttls")
    if not tag:find(TLS, 1, true) then t:garbage("<" .. tag .. ">", "<starttls> of " .. TLS) end
    if not empty then expect(t, "/starttls") end
  end
  t:expect_silence()
  t:send(("<proceed xmlns='%s'/>"):format(TLS))
  return {}
end

return xmpp
