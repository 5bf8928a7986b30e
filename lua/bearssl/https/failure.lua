-- SPDX-License-Identifier: MIT
-- bearssl.https: what goes wrong, as a bearssl.error.
local core = require "bearssl.core"

local failure = {}

-- What LuaSocket and our sockets say in a word, as code and text.
local words = {
  ["timeout"] = { "timeout", "timeout" },
  ["wantread"] = { "timeout", "timeout" },
  ["wantwrite"] = { "timeout", "timeout" },
  ["closed"] = { "closed", "the peer closed the connection" },
  ["connection refused"] = { "refused", "connection refused" },
  ["host or service not provided, or not known"] = { "dns", "host name does not resolve" },
  ["temporary failure in name resolution"] = { "dns", "host name does not resolve for now" },
  ["non-recoverable failure in name resolution"] = { "dns", "host name does not resolve" },
  ["no address associated with name"] = { "dns", "host name has no address" },
}

function failure.new(code, where, message, cause, hint)
  return core.error { code = code, message = message, where = where, side = "local", cause = cause, hint = hint }
end

function failure.is(err)
  return type(err) == "table" and err.code ~= nil
end

local ends = { closed = true, reset = true, truncated = true, io = true }

-- Whether it is the connection's end, in order or not.
function failure.is_end(err)
  return failure.is(err) and ends[err.code] or false
end

-- An error of a socket; `what` says whose. One that is a bearssl.error stays as it is.
function failure.of(err, where, what)
  if type(err) ~= "string" then return err end
  local word = words[err] or { "io", err }
  return failure.new(word[1], where, (what and what .. ": " or "") .. word[2])
end

function failure.option(name, message)
  return failure.new("option", name, message)
end

return failure
