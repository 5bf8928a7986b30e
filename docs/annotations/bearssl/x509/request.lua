---@meta bearssl.x509.request
-- Made by `make annotations` from the documentation comments.

---Certification requests (PKCS #10, RFC 2986) read: what an applicant wants to be certified.
---A request has the fields `subject`, `public_key`, `extensions` (those that are asked for), `signature_algorithm`, `signature` and `pin`, as a certificate of `bearssl.x509` has them; `tostring` gives its subject. The key in it has signed it: that is checked. What the applicant says of himself is not.
---@class bearssl.x509.request.module
local module = {}

---Reads a request.
---@param text string PEM (the first block that is a request) or DER
---@return bearssl.request|nil # the request
---@return nil|bearssl.error # `bad_certificate_signature`: the key in it has not signed it; `der`, `pem`, `memory`
function module.parse(text) end

---Reads a request from a file.
---@param path string
---@return bearssl.request|nil # the request
---@return nil|bearssl.error # as of `parse`; `file`
function module.load(path) end

---@class bearssl.request
local request = {}

---The request as it was signed.
---@return string # DER
function request:der() end

---The request in PEM.
---@return string
function request:pem() end

---Everything that stands in the request, for people, in the manner of `openssl req -text`. Text from the request cannot act on a terminal, as that of a certificate cannot.
---@return string # lines, in UTF-8
function request:text() end

return module
