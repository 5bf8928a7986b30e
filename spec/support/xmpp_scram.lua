-- xmpp_scram.lua PORT HOST USER PASSWORD CAFILE PROTOCOL [WRONG] - an XMPP client on require "ssl": STARTTLS, then
-- SCRAM-SHA-1-PLUS (RFC 5802) with Prosody's own hashes, bound to the connection: in tlsv1_2 by tls-unique (RFC 5929
-- section 3), in tlsv1_3 by tls-exporter (RFC 9266), which Prosody has from version 13 on. Prints "bound JID", or how
-- it was refused; with WRONG it lies about the binding.
package.cpath = package.cpath .. ";/usr/lib/prosody/?.so"
local hashes = require "util.hashes"
local mime = require "mime"
local socket = require "socket"
local ssl = require "ssl"
local xmpp = require "spec.support.xmpp"

local port, host, user, password, cafile, protocol, wrong = table.unpack(arg)

local function xor(a, b)
  return (a:gsub("()(.)", function(i, c) return string.char(c:byte() ~ b:byte(i)) end))
end

local function wrap(tcp)
  local tls = assert(ssl.wrap(tcp, { mode = "client", protocol = protocol, verify = "peer", cafile = cafile,
    options = "all" }))
  tls:sni(host)
  tls:settimeout(90)
  assert(tls:dohandshake())
  return tls
end

local stream = xmpp.stream(assert(socket.connect("127.0.0.1", tonumber(port))), host)
stream:starttls(wrap)
assert(stream.features:find("SCRAM-SHA-1-PLUS", 1, true), stream.features)

local bindings = {
  tlsv1_2 = { "tls-unique", function(tls) return tls:getfinished() end },
  tlsv1_3 = { "tls-exporter", function(tls) return tls:exportkeyingmaterial("EXPORTER-Channel-Binding", 32, "") end },
}
local kind_of_binding, bound_to = table.unpack(bindings[protocol])
local header = ("p=%s,,"):format(kind_of_binding)
local bare = ("n=%s,r=%s"):format(user, "fyko+d2lbbFgONRv9qkxdawL")
stream:auth("SCRAM-SHA-1-PLUS", header .. bare)
local first = stream:challenge()
local nonce, salt, rounds = first:match "^r=([^,]+),s=([^,]+),i=(%d+)"

local bytes = wrong and ("x"):rep(12) or bound_to(stream.sock)
local last = ("c=%s,r=%s"):format(mime.b64(header .. bytes), nonce)
local salted = hashes.scram_Hi_sha1(password, (mime.unb64(salt)), tonumber(rounds))
local client_key = hashes.hmac_sha1(salted, "Client Key")
local message = table.concat({ bare, first, last }, ",")
local proof = xor(client_key, hashes.hmac_sha1(hashes.sha1(client_key), message))
stream:respond(last .. ",p=" .. (mime.b64(proof)))

local verdict, kind = stream:challenge()
if kind ~= "success" then
  print("refused " .. kind)
else
  local server_key = hashes.hmac_sha1(salted, "Server Key")
  assert(verdict == "v=" .. mime.b64(hashes.hmac_sha1(server_key, message)), "the server's signature")
  print("bound " .. stream:open():ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"))
end
stream:close()
