-- SPDX-License-Identifier: MIT

--- HTTPS requests.
-- @module bearssl.https

-- bearssl.https: what a request gives.
local failure = require "bearssl.https.failure"
local json = require "bearssl.later" "bearssl.https.json"

local Response = {}
Response.__index = Response
Response.__name = "bearssl.https.response"

-- Names of headers are the same in every case.
local any_case = {
  __index = function(headers, name)
    return type(name) == "string" and rawget(headers, name:lower()) or nil
  end,
}

-- From a head that header.receive gave.
local function new(head, url, method)
  return setmetatable({
    status = head.status, reason = head.reason, status_line = head.status_line, fields = head.fields,
    headers = setmetatable(head.headers, any_case), url = url, method = method,
    ok = head.status >= 200 and head.status < 300,
  }, Response)
end

--- All values of a header, in the order they came in; of Set-Cookie, which has commas of its own, the only way to tell
-- them apart (RFC 9110 section 5.3).
-- @function response:values
-- @tparam string name in any case
-- @treturn {string,...}
function Response:values(name)
  local list = {}
  for _, field in ipairs(self.fields) do
    if field[1]:lower() == name:lower() then list[#list + 1] = field[2] end
  end
  return list
end

--- The body as a value, by cjson or dkjson, whichever is there; null is that library's own.
-- @function response:json
-- @treturn[1] any
-- @treturn[2] nil
-- @treturn[2] bearssl.error code `decode`
-- @raise where there is no such library, and where the body went to a sink
function Response:json()
  if not self.body then error("response:json: the body went to a sink", 2) end
  return json.decode(self.body)
end

--- The response itself if its status is 200 to 299: `assert(assert(https.get(url)):check())`.
-- @function response:check
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error code `status`; its `response` is this one
function Response:check()
  if self.ok then return self end
  local err = failure.new("status", "HTTP status", ("%d %s"):format(self.status, self.reason), self.url)
  err.response = self
  return nil, err
end

function Response:__tostring()
  return ("bearssl.https.response: %d %s (%s)"):format(self.status, self.reason, self.url)
end

return { new = new }
