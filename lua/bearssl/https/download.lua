-- SPDX-License-Identifier: MIT
-- bearssl.https: a response into a file, which is there whole or not at all.
local core = require "bearssl.core"
local failure = require "bearssl.https.failure"

-- Open until the scope of its holder ends; then removed, unless it got its name.
local Part = {}
Part.__index = Part

function Part:__close()
  if self.file then self.file:close() end
  if not self.kept then os.remove(self.path) end
end

local function file_failure(message)
  return nil, failure.new("file", "download", message)
end

-- In the folder of `path`, as only there a rename is one step. A device or a FIFO is written to as it is.
local function new_part(path)
  if core.file_kind(path, true) == "other" then
    local file, err = io.open(path, "wb")
    if not file then return file_failure(err) end
    return setmetatable({ path = path, file = file, kept = true }, Part)
  end
  local name = ("%s.%08x%08x.part"):format(path, math.random(0) & 0xffffffff, math.random(0) & 0xffffffff)
  local file, err = io.open(name, "wb")
  if not file then return file_failure(err) end
  return setmetatable({ path = name, file = file }, Part)
end

function Part:write(data)
  if not data or data == "" then return 1 end
  local ok, err = self.file:write(data)
  if ok then return 1 end
  return file_failure(err)
end

function Part:keep_as(path)
  local ok, err = self.file:close()
  self.file = nil
  if ok and self.path ~= path then ok, err = os.rename(self.path, path) end
  if not ok then return file_failure(err) end
  self.kept = true
  return true
end

-- `perform(request)` gives the response. The bytes are the file's, not those of a coding for the way, unless asked for.
return function(perform, url, path, given)
  if type(path) ~= "string" or path == "" then error("bad argument #2: a path is needed", 3) end
  local part <close>, err = new_part(path)
  if not part then return nil, err end
  local request = {}
  for name, value in pairs(given or {}) do request[name] = value end
  request.url, request.sink = url, function(data) return part:write(data) end
  if request.decode == nil then request.decode = false end
  local response
  response, err = perform(request)
  if response then response, err = response:check() end
  if not response then return nil, err end
  local ok
  ok, err = part:keep_as(path)
  if not ok then return nil, err end
  return response
end
