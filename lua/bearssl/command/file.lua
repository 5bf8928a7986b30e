-- SPDX-License-Identifier: MIT

--- Files that verbs of the command `bearssl` write: whole, or not at all.
-- @module bearssl.command.file
local core = require "bearssl.core"

local file = {}

local function failed(path, err)
  local reason = tostring(err)
  if reason:sub(1, #path + 2) == path .. ": " then reason = reason:sub(#path + 3) end
  return nil, core.error { code = "file", message = ("%s: %s"):format(path, reason), side = "local" }
end

-- Closed and removed with the block, unless it has got its name.
local part_meta = { __close = function(part)
  if part.file then part.file:close() end
  if part.path then os.remove(part.path) end
end }

local function write_all(part, text)
  local ok, err = part.file:write(text)
  local closed, why = part.file:close()
  part.file = nil
  return ok and closed, err or why
end

--- Writes a file: under another name in the same folder first, which then becomes its own. An interrupt leaves nothing
-- behind, and what stood there before stays until then.
-- @function file.write
-- @tparam string path
-- @tparam string text
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error code `file`
function file.write(path, text)
  local part <close> = setmetatable({}, part_meta)
  local name = ("%s.%08x.part"):format(path, math.random(0, 0xffffffff))
  local err
  part.file, err = io.open(name, "wb")
  if not part.file then return failed(path, tostring(err):gsub("^" .. name:gsub("%p", "%%%0") .. ": ", "")) end
  part.path = name
  local ok
  ok, err = write_all(part, text)
  if not ok then return failed(path, err) end
  ok, err = os.rename(name, path)
  if not ok then return failed(path, tostring(err):gsub("^" .. name:gsub("%p", "%%%0") .. ": ", "")) end
  part.path = nil
  return true
end

return file
