-- SPDX-License-Identifier: MIT
-- bearssl serve without --cert: a certificate for this machine, made in memory, and the authority that issued it. Their
-- keys go with the process.
local core = require "bearssl.core"

local DAYS = 30

-- The names that a server on this machine is reached by; those of --name too.
local function names_of(args)
  local names, seen = { "localhost", "127.0.0.1", "::1" }, { ["*"] = true, ["0.0.0.0"] = true, ["::"] = true }
  for _, name in ipairs(names) do seen[name] = true end
  for _, name in ipairs { args.bind, table.unpack(args.names) } do
    if not seen[name] then names[#names + 1] = name end
    seen[name] = true
  end
  return names
end

local function issue(args)
  local mkcert = require "bearssl.mkcert"
  local authority, err = mkcert.authority { name = "bearssl serve", path_length = 0, days = DAYS }
  if not authority then return nil, err end
  local own
  own, err = authority:issue { names = names_of(args), days = DAYS }
  if not own then return nil, err end
  return { certificate = own.pem, key = own.key, ca = authority.certificate:pem() }
end

-- { certificate, key } for bearssl.listen, the authority's certificate in --ca-out; or nil and an error. A name that is
-- none is an error of the code `option`.
return function(args)
  local ok, made, err = pcall(issue, args)
  if not ok and type(made) == "string" then
    return nil, core.error { code = "option", message = made:gsub("^.-bearssl%.mkcert: ", ""), side = "local" }
  end
  if not ok then error(made, 0) end
  if not made then return nil, err end
  if args.ca_out then
    ok, err = core.write_file(args.ca_out, made.ca, tonumber("644", 8), true)
    if not ok then return nil, err end
  end
  return made
end
