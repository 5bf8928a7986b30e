-- SPDX-License-Identifier: MIT

--- LuaSec's modules, answered by this library: `require "bearssl.luasec"` and from then on `require "ssl"`,
-- `ssl.https`, `ssl.context`, `ssl.core`, `ssl.x509` and `ssl.config` are these, in this process alone. What was loaded
-- from LuaSec before stays with those who hold it. docs/luasec.md has a table of all functions and options.
-- @module bearssl.luasec

require "bearssl.core" -- first: it has the other files compiled

local modules = {
  ["ssl"] = "bearssl.luasec.ssl",
  ["ssl.https"] = "bearssl.luasec.https",
  ["ssl.context"] = "bearssl.luasec.context",
  ["ssl.core"] = "bearssl.luasec.core",
  ["ssl.x509"] = "bearssl.luasec.x509",
  ["ssl.config"] = "bearssl.luasec.config",
}

-- What LuaSec's callers are to see of our modules.
local public = {
  ["ssl.context"] = function(module) return module.public end,
  ["ssl.config"] = function(module) return module.public end,
  ["ssl.x509"] = function(module) return { load = module.load } end,
}

local luasec = {}
local made = {} -- the same table for everybody, as `require` would have it

--- One of LuaSec's modules, of ours, without a change to what `require` gives.
-- @tparam string name `"ssl"`, `"ssl.https"`, …
-- @treturn ?table nil: there is none of this name
function luasec.module(name)
  if not modules[name] then return nil end
  if not made[name] then
    local module = require(modules[name])
    made[name] = public[name] and public[name](module) or module
  end
  return made[name]
end

--- Puts them in LuaSec's place; done by `require "bearssl.luasec"`.
function luasec.install()
  for name in pairs(modules) do
    package.loaded[name] = nil
    package.preload[name] = luasec.module
  end
end

luasec.install()

return luasec
