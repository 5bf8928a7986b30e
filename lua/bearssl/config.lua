-- SPDX-License-Identifier: MIT
-- bearssl.client and bearssl.server: options to a config.
local core = require "bearssl.core"
local options = require "bearssl.options"
local store = require "bearssl.store"

-- The system's store is read once, as long as some config has it.
local system = setmetatable({}, { __mode = "v" })

local function load_trust(read)
  local fields, trust = read.fields, read.trust
  if fields.verify_none or fields.server and not trust then return true end
  local found, err
  if trust == nil or trust == "system" then
    found = system[1]
    if not found then
      found, err = store "system"
      system[1] = found
    end
  elseif core.is_store(trust) then
    found = trust
  else
    found, err = store(trust)
  end
  fields.store = found
  return found, err
end

-- A password that is a function is asked once it is needed.
local function load_identity(entry)
  local ask = type(entry.password) == "function" and entry.password
  local plain = { certificate = entry.certificate, key = entry.key, password = not ask and entry.password or nil }
  local identity, err = core.identity(plain)
  if identity or not ask or err.code ~= "encrypted_key" then return identity, err end
  plain.password = ask()
  if type(plain.password) ~= "string" then error("option 'password': the function gave no string", 0) end
  return core.identity(plain)
end

local function new(role, given)
  local read, wrong = options.read(role, given)
  if not read then error(("bearssl.%s: %s"):format(role, wrong), 3) end
  local fields = read.fields
  fields.identities = {}
  for i, entry in ipairs(read.identities) do
    local identity, err = load_identity(entry)
    if not identity then return nil, err end
    fields.identities[i] = identity
  end
  local ok, err = load_trust(read)
  if not ok then return nil, err end
  return core.config(fields, {
    store = fields.store, on_certificate_request = read.on_certificate_request, key_log = read.key_log,
  })
end

local function maker(role)
  return function(given)
    if given ~= nil and type(given) ~= "table" then
      error(("bearssl.%s: a table of options is wanted, not %s"):format(role, type(given)), 2)
    end
    return new(role, given or {})
  end
end

return { client = maker "client", server = maker "server" }
