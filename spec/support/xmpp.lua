-- As much of an XMPP client (RFC 6120) as a test of TLS under it needs: a stream, whose answers are found by patterns.
--
--   local stream = xmpp.stream(sock, "a.example")     on what has LuaSocket's send and receive; reads the features
--   stream:starttls(wrap)                             wrap(sock) gives the TLS socket, as xmpp.wrapper's do; reads the
--                                                     features again
--   stream:login("me", "secret")                      SASL PLAIN, then a new stream, then a resource
--   stream:external("me@a.example")                   SASL EXTERNAL, then likewise
--   stream:ask("<iq .../>")                           sends it and gives the answer with its id, as text
local mime = require "mime"

local xmpp = {}

local LIMIT = 10000 -- reads without what was waited for
local SECONDS = 90 -- for each read
local SASL = "urn:ietf:params:xml:ns:xmpp-sasl"

local stream = {}
stream.__index = stream

function stream:send(text)
  assert(self.sock:send(text))
end

-- Reads up to the end of what matches, and gives the captures, or the whole match.
function stream:expect(pattern)
  local parts = { self.rest }
  self.rest = ""
  for _ = 1, LIMIT do
    local text = table.concat(parts)
    local first, last = text:find(pattern)
    if first then
      self.rest = text:sub(last + 1)
      return text:match(pattern)
    end
    local byte, err = self.sock:receive(1)
    if not byte then error(("%s instead of %q, after:\n%s"):format(err, pattern, text), 2) end
    self.sock:settimeout(0) -- and what else is there
    local more, _, part = self.sock:receive(8192)
    self.sock:settimeout(SECONDS)
    parts[#parts + 1] = byte .. (more or part)
  end
  error("no end of it", 2)
end

function stream:open()
  self.rest = ""
  self:send(("<?xml version='1.0'?><stream:stream xmlns='%s' to='%s' version='1.0' "
    .. "xmlns:stream='http://etherx.jabber.org/streams'>"):format(self.namespace, self.host))
  self.features = self:expect "(<stream:features.-</stream:features>)"
  return self
end

function stream:starttls(wrap)
  self:send "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
  self:expect "<proceed[^>]*/>"
  assert(self.rest == "", "more than <proceed/> before TLS")
  self.sock = wrap(self.sock)
  return self:open()
end

local function base64(text)
  return text == "" and "=" or (mime.b64(text))
end

-- After <success/>: a new stream, and a resource. A refusal is raised.
function stream:authenticated()
  local verdict = self:expect "<(%a+) xmlns='urn:ietf:params:xml:ns:xmpp%-sasl'[^>]*>"
  if verdict ~= "success" then error("refused: " .. self:expect "(.-)</failure>", 2) end
  self:open()
  self.jid = self:ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    :match "<jid>(.-)</jid>"
  return self
end

function stream:auth(mechanism, message)
  self:send(("<auth xmlns='%s' mechanism='%s'>%s</auth>"):format(SASL, mechanism, base64(message)))
end

function stream:login(user, password)
  self:auth("PLAIN", ("\0%s\0%s"):format(user, password))
  return self:authenticated()
end

function stream:external(authorization)
  self:auth("EXTERNAL", authorization or "")
  return self:authenticated()
end

-- The server's next challenge, decoded; nil and the text of what came instead.
function stream:challenge()
  local kind, text = self:expect "<(%a+) xmlns='urn:ietf:params:xml:ns:xmpp%-sasl'>(.-)</%a+>"
  if kind == "failure" then return nil, text end
  return (mime.unb64(text)), kind
end

function stream:respond(message)
  self:send(("<response xmlns='%s'>%s</response>"):format(SASL, base64(message)))
end

function stream:ask(iq)
  local id = iq:match " id='(.-)'"
  self:send(iq)
  return self:expect("(<iq [^>]*id='" .. id .. "'.-)</iq>") or ""
end

function stream:ping(host)
  self.pings = (self.pings or 0) + 1
  local id = "ping" .. self.pings
  self:send(("<iq type='get' id='%s' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>"):format(id, host or self.host))
  return self:expect("<iq [^>]*id='" .. id .. "'[^>]*>"):match " type='(%a+)'"
end

function stream:close()
  self.sock:close()
end
stream.__close = stream.close

-- For starttls: TLS by a config of bearssl; no name where the config verifies nothing. What fails is raised.
function xmpp.wrapper(config, name)
  return function(tcp)
    local sock = assert(config:wrap(tcp, { name = name }))
    sock:settimeout(SECONDS)
    assert(sock:handshake())
    return sock
  end
end

function xmpp.stream(sock, host, namespace)
  return setmetatable({ sock = sock, host = host, namespace = namespace or "jabber:client", rest = "" }, stream):open()
end

return xmpp
