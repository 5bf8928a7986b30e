-- Where bearssl.audit and another tool differ about a server, and why: each difference has an explanation, or is one
-- that nobody has looked at.
local facts = require "spec.agreement.facts"

local compare = {}

local function without(pattern)
  return function(ours, theirs)
    local rest = {}
    for word in ours:gmatch "%S+" do
      if not word:find(pattern) then rest[#rest + 1] = word end
    end
    return table.concat(rest, " ") == theirs
  end
end

-- tool, pattern of the fact, why; and a function of (ours, theirs, all facts of ours) that says whether it is that.
local explanations = {
  { "testssl.sh", "^ALPN$", "testssl.sh asks for h2, http/1.1 and SPDY, not for http/1.0",
    without "^http/1.0$" },
  { "sslscan", "^signatures of TLSv1.2$", "of TLS 1.2 sslscan tries no suites for ECDSA", without "^ecdsa_" },
  { "sslscan", "^signatures of TLSv1.2$", "to a scheme that nobody knows the server answers with key transport by RSA, "
    .. "which has no signature; sslscan takes that for all schemes, `0xFDFF`",
    function(_, theirs) return theirs == "0xFDFF" end },
  { "testssl.sh", "^groups$", "below TLS 1.3 the audit asks for DHE without groups, and tells the parameters that the "
    .. "server has then", function(ours, theirs) return without "^ffdhe" (ours, (theirs:gsub("ffdhe%d+ ?", ""))) end },
  { "testssl.sh", "^resumption by ID$", "testssl.sh is mistaken: the server has no cache, and each session of "
    .. "`openssl s_client -tls1_2 -no_ticket -reconnect` is new",
    function(ours, theirs) return ours == "no" and theirs == "yes" end },
  { "sslscan", "^secure renegotiation$", "sslscan connects with TLS 1.0 for this, which the server has not",
    function(ours, theirs, all) return ours == "yes" and theirs == "no" and all["TLSv1.0"] == "no" end },
}

local function explain(tool, fact, ours, theirs, all)
  for _, row in ipairs(explanations) do
    if row[1] == tool and fact:find(row[2]) and row[4](ours, theirs, all, fact) then return row[3] end
  end
end

local function against(tool, ours, theirs, out)
  local names, count = {}, 0
  for name, value in pairs(ours) do
    if theirs[name] ~= nil then
      count = count + 1
      if theirs[name] ~= value then names[#names + 1] = name end
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    table.insert(out, { tool = tool, fact = name, ours = ours[name], theirs = theirs[name],
      why = explain(tool, name, ours[name], theirs[name], ours) })
  end
  return count
end

-- all: of raw.ask. `sslscan`, `testssl`: how many facts were compared; `differences`: a list of `tool`, `fact`, `ours`,
-- `theirs`, `why`.
function compare.all(all)
  local result = { differences = {}, sslscan = 0, testssl = 0 }
  local ours = facts.of_audit(all.audit)
  result.sslscan = against("sslscan", ours, facts.of_sslscan(all.sslscan), result.differences)
  if all.testssl then
    result.testssl = against("testssl.sh", ours, facts.of_testssl(all.testssl), result.differences)
  end
  return result
end

return compare
