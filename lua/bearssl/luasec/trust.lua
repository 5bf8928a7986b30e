-- SPDX-License-Identifier: MIT
-- cafile and capath: the anchors in them, and the CRLs, which OpenSSL takes from the same places.
local core = require "bearssl.core"
local errors = require "bearssl.luasec.errors"
local new_store = require "bearssl.store"

local trust = {}

-- Read once, as long as some context has them; what changes on disk is noticed.
local known = setmetatable({}, { __mode = "v" })

-- OpenSSL looks into the folder later, when it wants an issuer: one that is not there is no error.
local function is_folder(path)
  local file, _, code = io.open(path .. "/.", "rb")
  if file then file:close() end
  return file ~= nil or code == 13 -- EACCES
end

local nothing

-- The store of a context that has been given no anchors: nobody is trusted.
function trust.none()
  nothing = nothing or assert(new_store {})
  return nothing
end

-- Nor is one without a certificate in it: Prosody names /etc/ssl/certs always, also where nobody has filled it.
local function read_store(cafile, capath)
  if capath and is_folder(capath) then
    local store = new_store { cafile or capath, cafile and capath, watch = true }
    if store then return store end
  end
  if not cafile then return trust.none() end
  return new_store { cafile, watch = true }
end

-- The anchors of a file and a folder, a table of store, cafile and capath; nil and the reason.
function trust.load(cafile, capath)
  if type(cafile) ~= "string" and type(capath) ~= "string" then return nil, "passed invalid argument" end
  local name = ("%s\0%s"):format(cafile or "", capath or "")
  local found = known[name]
  if found then return found end
  local store, err = read_store(cafile, capath)
  if not store then return nil, errors.of_file(err) end
  found = { store = store, cafile = cafile, capath = capath }
  known[name] = found
  return found
end

local function read(path)
  if core.is_text(path) then return path end
  local file = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  return text or ""
end

local crl_block = "%-%-%-%-%-BEGIN X509 CRL%-%-%-%-%-.-%-%-%-%-%-END X509 CRL%-%-%-%-%-"

-- The CRLs that stand in a file, as PEM; "" where there are none.
function trust.crls(found)
  local list = {}
  for block in read(found and found.cafile or ""):gmatch(crl_block) do list[#list + 1] = block .. "\n" end
  return table.concat(list)
end

local INTERMEDIATES_MAX = 8

local function issuer_of(certificate, list)
  for _, candidate in ipairs(list) do
    if certificate:is_issued_by(candidate) then return candidate end
  end
end

-- Those of the file that a certificate stands under, its issuer first: OpenSSL sends them along where it has been
-- given the certificate alone. The one at the end, which has issued itself, the peer has or does not take (RFC 8446
-- section 4.4.2), so it stays here.
-- @treturn {bearssl.certificate,...}
function trust.issuers(found, certificate)
  local list = {}
  if not found.cafile or certificate:is_self_signed() then return list end
  found.certificates = found.certificates or core.x509_parse(read(found.cafile)) or {}
  local issuer = issuer_of(certificate, found.certificates)
  while issuer and not issuer:is_self_signed() and #list < INTERMEDIATES_MAX do
    list[#list + 1] = issuer
    issuer = issuer_of(issuer, found.certificates)
  end
  return list
end

return trust
