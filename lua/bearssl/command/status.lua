-- SPDX-License-Identifier: MIT

--- The exit statuses of the command `bearssl`, by name: `ok` 0, `finding` 1, `usage` 2, `connect` 3, `handshake` 4,
-- `certificate` 5, `file` 6, `internal` 70, `interrupted` 130 (docs/command.md).
-- @module bearssl.command.status

local status = {
  ok = 0,          -- all is well
  finding = 1,     -- it worked, and there is something to be said against what was found
  usage = 2,       -- the arguments are wrong
  connect = 3,     -- no connection: the name does not resolve, nobody listens, nobody answers
  handshake = 4,   -- a connection, but no TLS
  certificate = 5, -- TLS, but the peer's certificates do not verify
  file = 6,        -- a file cannot be read or written
  internal = 70,   -- a fault of the command itself
  interrupted = 130, -- by SIGINT
}

local of_codes = {
  [status.connect] = "refused dns io reset closed timeout truncated proxy redirect status",
  [status.certificate] = [[unknown_issuer self_signed name_mismatch expired not_yet_valid no_peer_certificate
    bad_certificate bad_certificate_signature der weak_key weak_signature unsupported_certificate key_usage
    extended_key_usage not_ca path_length name_constraint certificate_policy critical_extension lifetime distrusted
    unwelcome revoked revocation_unknown must_staple bad_crl bad_ocsp pin_mismatch]],
  [status.file] = [[file pem no_certificates no_key bad_key encrypted_key bad_password unsupported_key key_mismatch
    bad_session file_write locked run]],
  [status.usage] = "option",
}

local by_code = {}
for number, codes in pairs(of_codes) do
  for code in codes:gmatch "%S+" do by_code[code] = number end
end

--- The status that an error means.
-- @function status.of
-- @tparam string|bearssl.error err
-- @tparam[opt] integer otherwise for errors that can come of several steps: `"timeout"`, `closed`, `reset`, `io`
-- @treturn integer `handshake` for what is about none of the others
function status.of(err, otherwise)
  local code = type(err) == "table" and err.code or err
  local found = by_code[code]
  if found == status.connect and otherwise and code ~= "refused" and code ~= "dns" then return otherwise end
  return found or otherwise or status.handshake
end

return status
