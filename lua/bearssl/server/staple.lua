-- SPDX-License-Identifier: MIT
-- The OCSP responses that a server staples (RFC 6066 section 8), fetched before they are needed and again in the middle
-- of their time. One that is not there delays nobody: the handshake goes without.
local core = require "bearssl.core"
local is_path = require "bearssl.server.options".is_path
local x509 = require "bearssl.x509"

local staple = {}

local SOONEST, LATEST = 60, 43200 -- seconds between two fetches that succeed
local RETRY, RETRY_MAX = 30, 3600 -- and after one that failed

local function fetch_beside(leaf, issuer)
  return require "bearssl.fetch".ocsp(leaf, issuer, { fresh = true })
end

-- Where everybody waits meanwhile: a responder behind a wall must not keep a server from serving.
local function fetch_briefly(leaf, issuer)
  return require "bearssl.fetch".ocsp(leaf, issuer, { fresh = true, timeout = 3, total_timeout = 5 })
end

local by_network = { [fetch_beside] = true, [fetch_briefly] = true }

-- The function that fetches. `beside`: connections are served meanwhile.
function staple.fetcher(option, beside)
  if option ~= true then return option end
  return beside and fetch_beside or fetch_briefly
end

local function entry_of(source)
  local chain = (is_path(source) and x509.load or x509.parse)(source)
  if chain and chain[2] then return { leaf = chain[1], issuer = chain[2], due = 0 } end
end

-- After a unit's config is new: what its certificates had before goes on, if they are the same.
function staple.renew(unit)
  if not unit.native or unit.given.ocsp_staple then return end
  local before, sources = unit.staples or {}, unit.given.certificate
  unit.staples = {}
  for i, source in ipairs(type(sources) == "string" and { sources } or sources or {}) do
    local entry, old = entry_of(source), before[i]
    if entry and old and old.leaf == entry.leaf and old.issuer == entry.issuer then
      entry = old
      if entry.der then unit.config:set_ocsp_staple(entry.der, i) end
    end
    unit.staples[i] = entry or false
  end
end

-- DER and what it says; or nil and an error. A certificate that is known to be revoked is not told about: nobody would
-- take it for that.
local function fetch(entry, how)
  local ok, der, what = pcall(how, entry.leaf, entry.issuer)
  if ok and der ~= nil and type(der) ~= "string" then ok, der = false, "no string but a " .. type(der) end
  if not ok then
    return nil, core.error { code = "internal", message = tostring(der), where = "fetch_staple", side = "local" }
  end
  if not der then return nil, what or "fetch_staple gave nothing" end
  local said, err = x509.ocsp.verify(der, entry.leaf, entry.issuer)
  if said and said.status ~= "good" then
    said, err = nil, core.error {
      code = "revoked", message = "the responder says: " .. said.status, where = "ocsp_staple", side = "peer",
    }
  end
  return said and der, said or err
end

local function succeeded(unit, i, entry, der, said, now)
  local left = said.next_update and said.next_update - os.time() or 2 * LATEST
  entry.der, entry.ends, entry.wait = der, now + left, nil
  entry.due = now + math.max(SOONEST, math.min(LATEST, left / 2))
  unit.config:set_ocsp_staple(der, i)
end

-- Later again; what there is stays as long as it is of use.
local function failed(unit, i, entry, now)
  entry.wait = math.min(RETRY_MAX, 2 * (entry.wait or RETRY / 2))
  entry.due = now + entry.wait
  if not entry.der then return end
  if entry.ends <= now then
    entry.der = nil
    unit.config:set_ocsp_staple(nil, i)
  else
    entry.due = math.min(entry.due, entry.ends)
  end
end

local function names_no_responder(how, err)
  return by_network[how] and type(err) == "table" and err.code == "option"
end

-- Fetches what is due. `now`: of the monotonic clock; report(err, name).
function staple.refresh(unit, how, now, report)
  for i, entry in ipairs(unit.staples or {}) do
    if entry and entry.due <= now() then
      local der, what = fetch(entry, how)
      if unit.staples[i] ~= entry then return end -- renewed meanwhile
      if der then
        succeeded(unit, i, entry, der, what, now())
      elseif names_no_responder(how, what) then
        entry.due = math.huge
      else
        failed(unit, i, entry, now())
        report(what, unit.name)
      end
    end
  end
end

-- When the next of them is due.
function staple.due(unit)
  local due = math.huge
  for _, entry in ipairs(unit.staples or {}) do
    if entry then due = math.min(due, entry.due) end
  end
  return due
end

return staple
