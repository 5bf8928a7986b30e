-- SPDX-License-Identifier: MIT
-- bearssl pin check: does a set of pins hold, and what breaks it?
local output = require "bearssl.command.output"
local path = require "bearssl.command.pin.path"
local status = require "bearssl.command.status"

-- The certificates of a path by which a set holds, and how many pins are of none: the backups.
local function verdict(set, chain, now)
  local has, holders, wanted, backups = {}, output.list(), {}, 0
  for _, each in ipairs(set) do wanted[each] = true end
  for i, certificate in ipairs(chain) do
    has[certificate.pin] = true
    if wanted[certificate.pin] then
      holders[#holders + 1] = { role = path.role(i, certificate), subject = tostring(certificate.subject),
        until_date = certificate.not_after_text }
    end
  end
  for _, each in ipairs(set) do backups = backups + (has[each] and 0 or 1) end
  local found = { holds = holders[1] ~= nil, backups = backups, holders = holders,
    ended = chain[1].not_after < now or nil }
  if holders[1] then
    found.by, found.subject, found.until_date = holders[1].role, holders[1].subject, holders[1].until_date
  end
  return found
end

local breaks = {
  leaf = "it breaks with the next key, unless that is one of the set",
  intermediate = "it breaks when the CA goes on with another intermediate, unless that one's key is of the set",
  root = "it breaks with a certificate of another CA, unless that one's key is of the set",
}

local function told(found)
  if not found.holds then return "broken: no certificate of the path has a pin of the set" end
  local words = {}
  for i, each in ipairs(found.holders) do
    words[i] = ("by the %s, %s, until %s"):format(each.role, output.clean(each.subject), each.until_date:sub(1, 10))
  end
  local text = ("holds %s; %s"):format(table.concat(words, ", and "), breaks[found.holders[#found.holders].role])
  if found.backups == 0 then text = text .. "; there is no backup: a lost key locks everybody out" end
  if found.ended then text = text .. "; the certificate has expired" end
  return text
end

-- args, out -> the exit status
return function(args, out)
  local list, worst, now = output.list(), status.ok, os.time()
  for i, target in ipairs(args.targets) do
    local chain, err, code = path.of(args, target)
    local found = chain and verdict(args.pin, chain, now) or { error = output.error(err) }
    found.target, list[i] = target.text, found
    if not chain then
      worst = math.max(worst, code)
      if not out.wants_json then out:fail(err, target.text) end
    else
      if not found.holds or found.backups == 0 or found.ended then worst = math.max(worst, status.finding) end
      if not out.wants_json then out:print(("%s: %s"):format(output.clean(target.text), told(found))) end
    end
  end
  if out.wants_json then out:json { results = list } end
  return worst
end
