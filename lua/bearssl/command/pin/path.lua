-- SPDX-License-Identifier: MIT
-- bearssl pin: the certificates that pins are about, and what each of them is.
local core = require "bearssl.core"
local options = require "bearssl.command.options"
local status = require "bearssl.command.status"
local x509 = require "bearssl.x509"

local path = {}

-- The certificates of a file; or those of a server, whose chain is verified. nil, why not, the exit status.
function path.of(args, target)
  if target.file then
    local list, err = x509.load(target.file)
    return list, err, status.file
  end
  if not target.host then
    return nil, core.error { code = "option", side = "local", message = "a server or a file is wanted" }, status.usage
  end
  local sock, err, code = options.connect(args, target)
  if not sock then return nil, err, code end
  local chain = sock:verified_chain()
  sock:close()
  if not chain then return nil, "closed", status.connect end
  return chain
end

-- A file may have no root, and a server's anchor need not be one.
function path.role(i, certificate)
  return i == 1 and "leaf" or certificate.issuer.der == certificate.subject.der and "root" or "intermediate"
end

return path
