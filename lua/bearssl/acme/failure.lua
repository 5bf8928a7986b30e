-- SPDX-License-Identifier: MIT
-- What goes wrong with an ACME server, as a bearssl.error: problem documents (RFC 7807, RFC 8555 section 6.7) and
-- answers that are none.
local core = require "bearssl.core"

local failure = {}

local MAX_TEXT = 300

function failure.new(code, where, message, cause, hint)
  return core.error { code = code, message = message, where = where, side = "local", cause = cause, hint = hint }
end

local function clean(text)
  return type(text) == "string" and core.printable(text:sub(1, MAX_TEXT)) or nil
end

local hints = {
  rateLimited = "wait as long as the server says; its staging directory has other limits",
  unauthorized = "what the challenge asks for was not seen: look at DNS, at the firewall, at the server's port",
  dns = "the name does not resolve from where the server stands",
  connection = "the server could not connect: look at the firewall and at the port",
  tls = "the server on port 443 did not answer the challenge",
  caa = "a CAA record of the domain names another authority",
  accountDoesNotExist = "the account was made at another server, or its key is another one",
  externalAccountRequired = "the server wants the binding to an account that is had elsewhere: `external_account`",
  userActionRequired = "the server's terms changed: agree again",
  badCSR = "the server does not like the key or the names",
}

-- The tables in a list from outside, which may be no list.
function failure.tables_of(value)
  local found = {}
  for _, one in ipairs(type(value) == "table" and value or {}) do
    if type(one) == "table" then found[#found + 1] = one end
  end
  return found
end

-- The subproblems' details, by identifier (section 6.7.1)
local function subproblems(document)
  local texts = {}
  for _, sub in ipairs(failure.tables_of(document.subproblems)) do
    local who = type(sub.identifier) == "table" and clean(sub.identifier.value)
    texts[#texts + 1] = (who and who .. ": " or "") .. (clean(sub.detail) or clean(sub.type) or "?")
  end
  return texts[1] and table.concat(texts, "; ") or nil
end

-- `document`: a decoded problem; `retry_after`: seconds
function failure.problem(document, where, status, retry_after)
  local kind = type(document.type) == "string" and document.type:match "^urn:ietf:params:acme:error:(%w+)$"
  local err = failure.new("acme", where, clean(document.detail) or clean(document.title)
    or ("the server answered with status %s"):format(status), subproblems(document), hints[kind])
  err.problem, err.status, err.retry_after, err.side = kind or clean(document.type), status, retry_after, "peer"
  return err
end

return failure
