---@meta bearssl.inspect
-- Made by `make annotations` from the documentation comments.

---Certificates looked at: what a chain says, whether it verifies, what is wrong with it and what cures that. The command `bearssl cert` prints what this gives.
---@class bearssl.inspect.module
local module = {}

---Looks at certificates: a server's as it sent them, or those of a file.
---Raises: for an unknown option or a wrong type
---@param certificates bearssl.certificate[] the leaf first; what does not decode may stand there as a string
---@param options? table - `name`: the name that the leaf must have - `trust`: what `bearssl.store` takes, or a store; the system's by default - `time`: seconds since the epoch, instead of now - `warn_days`: one that expires in less is a finding (30) - `revocation`: true, or what `bearssl.fetch.new` gives: OCSP responders and CRLs are asked; without it, only the staple - `complete`: likewise: intermediates that are missing are fetched - `ocsp_staple`, `scts`: what came in the handshake - `purpose`: `"server"` (the default), `"client"`, `"any"` - `file`: true: nobody has sent them; that nobody trusts them is a note then, and no error
---@return table|nil # - `certificates`: those that decode; `undecoded`: how many do not - `verified`; `chain`: the path, the anchor last; or `error` - `revocation`: of each of the path, as `store:verify` gives it - `scts`: `log_id`, `time`, `source` ("certificate", "handshake"): signed certificate timestamps, their signatures not verified - `completed`: what was fetched; `complete`: what the server should send - `findings`: a list of `severity` ("error", "warning", "note"), `code`, `message`, `remedy`; the worst first - `bundle`: true: a file of CAs, not of one chain; nothing was verified
---@return nil|bearssl.error # what is wrong with `trust`
function module.certificates(certificates, options) end

---Looks at the certificates of a connection whose handshake is done; best of one with `verify = "none"`, so that there is one whatever they are.
---Raises: for an unknown option or a wrong type
---@param sock bearssl.socket|bearssl.connection
---@param options? table as of `inspect.certificates`
---@return table|nil # as of `inspect.certificates`, and `connection`: what `sock:info()` gives, `stapled`: whether an OCSP response came
---@return nil|bearssl.error # what is wrong with `trust`; `no_peer_certificate`
function module.connection(sock, options) end

---The facts of one certificate that people ask for, as text, numbers and lists: `subject`, `issuer`, `serial`, `names`, `role` ("leaf", "intermediate", "root"), `not_before`, `not_after`, `days_left`, `key`, `signature`, `pin`, `sha256`, `sha1`, `ca_issuers`, `ocsp_urls`, `crl_urls`, `must_staple`.
---@param certificate bearssl.certificate
---@param now? integer seconds since the epoch
---@return table
function module.summary(certificate, now) end

return module
