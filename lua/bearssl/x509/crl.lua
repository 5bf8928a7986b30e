-- SPDX-License-Identifier: MIT

--- Certificate revocation lists (RFC 5280 section 5).
-- Reading judges nothing: `crl:verify` checks a signature, and `bearssl.store` says whether a list may be
-- used for a certificate. Entries are found by a binary search, so that a list of 50,000 costs no more than one of ten.
--
-- A list has the fields `version`, `issuer` (a name), `this_update`, `next_update` (seconds since the epoch),
-- `entry_count` (also `#crl`), `signature_algorithm`, `crl_number` (decimal), `is_delta`, `base_crl_number`,
-- `authority_key_identifier` (hexadecimal), `issuing_distribution_point`, `freshest_crl`, and
-- `unknown_critical_extension` (an object identifier: such a list is never used); absent ones are nil.
-- @module bearssl.x509.crl
-- @pragma nostrip
local core = require "bearssl.core"

local crl = {}

--- Reads lists from a file or from text.
-- @function load
-- @tparam string source a path, PEM text (other kinds of blocks are passed over) or one list in DER
-- @treturn[1] {bearssl.crl,...} at least one
-- @treturn[2] nil
-- @treturn[2] bearssl.error `file`, `pem`, `bad_crl` with the field at fault, `limit`, `memory`
function crl.load(source)
  if type(source) ~= "string" then error("bearssl.x509.crl.load: a string is wanted, not " .. type(source), 2) end
  return core.crls(source, false)
end

--- Reads lists from PEM or DER in memory.
-- @function parse
-- @tparam string text
-- @treturn[1] {bearssl.crl,...} at least one
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of `load`
function crl.parse(text)
  if type(text) ~= "string" then error("bearssl.x509.crl.parse: a string is wanted, not " .. type(text), 2) end
  return core.crls(text, true)
end

return crl
