-- SPDX-License-Identifier: MIT
-- bearssl get: what is told of a connection and of heads.
local clean = require "bearssl.command.output".clean

local told = {}

-- The head as it came, its line ends ours.
function told.head(out, response)
  out:print(clean(response.status_line))
  for _, field in ipairs(response.fields) do out:print(("%s: %s"):format(clean(field[1]), clean(field[2]))) end
  out:print()
end

local function certificate_of(tls)
  local leaf = tls.peer_certificates and tls.peer_certificates[1]
  if type(leaf) ~= "userdata" then return nil end
  return ("%s, until %s"):format(clean(tostring(leaf.subject)), leaf.not_after_text:sub(1, 10))
end

-- -v: on standard error, as curl does.
function told.response(out, response)
  local tls = response.tls
  if tls and tls.version then
    local words = { tls.version, tls.cipher_suite, tls.group, tls.resumed and "resumed" or nil }
    if tls.early_data then words[#words + 1] = "early data " .. tls.early_data end
    out:note("* " .. table.concat(words, ", "))
    local certificate = certificate_of(tls)
    if certificate then out:note("* certificate: " .. certificate) end
    local chain = tls.verified_chain
    if chain then out:note("* verified up to: " .. clean(tostring(chain[#chain].subject))) end
  end
  for _, each in ipairs(response.redirects) do out:note(("* redirected from %s (%d)"):format(clean(each.url),
    each.status)) end
  out:note("< " .. clean(response.status_line))
  for _, field in ipairs(response.fields) do out:note(("< %s: %s"):format(clean(field[1]), clean(field[2]))) end
end

-- --trace: each step as it happens; for on_message of a config.
function told.step(out)
  return function(step)
    if step.kind == "lost" then return out:note(("   %d steps were lost"):format(step.count)) end
    if step.kind == "record" and step.name == "handshake" then return end -- what is in it follows
    out:note(("%s %8.3f s  %-20s %5d bytes%s"):format(step.direction == "sent" and "->" or "<-", step.seconds,
      clean(step.name), step.bytes, step.encrypted and ", encrypted" or ""))
    for _, decision in ipairs(step.decisions or {}) do out:note("              " .. clean(decision.text)) end
  end
end

return told
