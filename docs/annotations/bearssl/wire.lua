---@meta bearssl.wire
-- Made by `make annotations` from the documentation comments.

---TLS messages as Lua tables, in the standard's names. For traces and audits; the engines have their own readers, in C.
---@class bearssl.wire.module
local module = {}

---Names of HandshakeType (RFC 8446 section 4, RFC 5246 section 7.4), by number.
---@type table
module.handshake_types = {}

---Names of ContentType (RFC 8446 section 5.1), by number.
---@type table
module.content_types = {}

---Names of ExtensionType (IANA), by number.
---@type table
module.extension_types = {}

---The name of a ProtocolVersion: "TLSv1.3", … A number that has none gives its hexadecimal digits, here and below.
---@param number integer
---@return string
function module.version_name(number) end

---The name of a cipher suite (IANA).
---@param number integer
---@return string
function module.cipher_suite_name(number) end

---The name of a NamedGroup (RFC 8446 section 4.2.7).
---@param number integer
---@return string
function module.group_name(number) end

---The name of a SignatureScheme (RFC 8446 section 4.2.3).
---@param number integer
---@return string
function module.signature_scheme_name(number) end

---The name of an ExtensionType (IANA).
---@param number integer
---@return string
function module.extension_name(number) end

---Takes a handshake message apart.
---@param name string a name of `wire.handshake_types`
---@param body string the message without its header of four bytes
---@param tls_1_3? boolean which of the two forms a message has that both versions know
---@return table|nil # its fields in the standard's names; a HelloRetryRequest is a ServerHello with `message`
---@return nil|string # why it does not decode
function module.parse(name, body, tls_1_3) end

---The value of an extension in a message that was taken apart; nil: it is not there.
---@param message table of `wire.parse`
---@param name string of the extension
function module.extension(message, name) end

return module
