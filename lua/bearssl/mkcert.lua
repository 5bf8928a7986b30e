-- SPDX-License-Identifier: MIT

--- Certificates made: an authority, what it issues to servers and clients, requests, CRLs and OCSP responses, for tests
-- and for private mutual TLS.
--
-- What is right is the default: version 3, a random serial number of 16 octets, keys of P-256, key usages as RFC 5280
-- has them for the purpose, names in subjectAltName, an authority's constraints critical. A certificate of so many days
-- is not valid for longer than its issuer.
-- @module bearssl.mkcert
local core = require "bearssl.core"
local new_authority = require "bearssl.mkcert.authority"
local content = require "bearssl.mkcert.content"
local folder = require "bearssl.mkcert.folder"
local names = require "bearssl.mkcert.names"
local extensions = require "bearssl.mkcert.extensions"

local mkcert = {}

--- A new private key. It is written by `key:save(path)`: PKCS#8 in PEM, mode 0600.
-- @tparam[opt="P-256"] string kind `"P-256"`, `"P-384"`, `"P-521"`, `"ed25519"`, `"rsa-2048"`, `"rsa-3072"`,
-- `"rsa-4096"`, or `"rsa-pss-2048"` and so on: RSA for RSASSA-PSS alone (RFC 4055 section 1.2)
-- @treturn[1] bearssl.key the key
-- @treturn[2] nil
-- @treturn[2] bearssl.error `entropy`, `memory`
-- @raise for another kind
function mkcert.key(kind)
  local known, wrong = content.key_kind(kind or "P-256")
  if not known then error("bearssl.mkcert.key: " .. wrong, 2) end
  return core.key_generate(known)
end

--- A new authority: a root that signed itself, or one under another authority.
-- @tparam table options what @{authority:issue} takes, and
--
--  * `certificate`, `key`: an authority that is there already, instead of a new one: a certificate of
--    @{bearssl.x509} and its @{bearssl.key};
--  * `name`: text of its subject, as for `subject`;
--  * `issuer`: the authority that issues it, whose `path_length` must allow it; none: it signs itself;
--  * `path_length`: how many authorities may stand below it; of one under another 0 by default, of a root as many as
--    there are;
--  * `permitted`, `excluded`: lists of names that bound what it may issue (RFC 5280 section 4.2.1.10): "example.com",
--    "IP:10.0.0.0/8", "email:example.com";
--  * `chain`: with `certificate`: the certificates from it up to, and without, the root, where it is no root itself;
--  * `days`: 3650 by default.
-- @treturn[1] authority the authority
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{key}; `key_mismatch`
-- @raise for a wrong option
function mkcert.authority(options)
  return content.guarded("bearssl.mkcert.authority", new_authority, options)
end

--- A new authority kept in a folder: `ca.pem`, `ca.key` (mode 0600), and `ca.json`, which remembers what was revoked
-- and the number of the last CRL. A run that is killed leaves the authority that was there, or what @{create} and
-- @{open} end.
-- @tparam string dir the folder; it is made
-- @tparam table options of @{authority}
-- @tparam[opt=false] boolean replace may an authority that is there be replaced? What it has issued is then believed no
-- more, what it has revoked is forgotten
-- @treturn[1] authority the authority; no other process has it meanwhile
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{authority}; `file_write`, `locked`
-- @raise for a wrong option
function mkcert.create(dir, options, replace)
  return content.guarded("bearssl.mkcert.create", function(given) return folder.create(dir, given, replace) end,
    options)
end

--- The authority that @{create} has put in a folder.
-- @tparam string dir the folder
-- @treturn[1] authority the authority; no other process has it until it is collected
-- @treturn[2] nil
-- @treturn[2] bearssl.error `file`, `locked`, `key_mismatch`, and what is wrong with certificate or key
function mkcert.open(dir)
  return folder.open(dir)
end

--- A certification request (PKCS#10, RFC 2986), to be sent to an authority.
-- @tparam table options `subject`, `names`, `key` (kind or key), `must_staple`, `hash` as for @{authority:issue}
-- @treturn[1] table { `pem`, `der`, `key` }
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{key}
-- @raise for a wrong option
function mkcert.request(options)
  return content.guarded("bearssl.mkcert.request", function(given)
    local read = content.read(given, content.request_options)
    local key, err = content.key_of(read.key)
    if not key then return nil, err end
    local list = {}
    if read.names then list[1] = extensions.subject_alt_name(read.names, (read.subject or "") == "") end
    if read.must_staple then list[#list + 1] = extensions.must_staple() end
    local der
    der, err = core.issue_request({
      subject = names.distinguished(read.subject or ""), spki = key.public_key, extensions = list,
    }, key, read.hash)
    if not der then return nil, err end
    local pem
    pem, err = core.pem("CERTIFICATE REQUEST", der)
    return pem and { der = der, pem = pem, key = key }, err
  end, options)
end

return mkcert
