---@meta bearssl.luasec
-- Made by `make annotations` from the documentation comments.

---LuaSec's modules, answered by this library: `require "bearssl.luasec"` and from then on `require "ssl"`, `ssl.https`, `ssl.context`, `ssl.core`, `ssl.x509` and `ssl.config` are these, in this process alone. What was loaded from LuaSec before stays with those who hold it. docs/luasec.md has a table of all functions and options.
---@class bearssl.luasec.module
local module = {}

---One of LuaSec's modules, of ours, without a change to what `require` gives.
---@param name string `"ssl"`, `"ssl.https"`, …
---@return nil|table # nil: there is none of this name
function module.module(name) end

---Puts them in LuaSec's place; done by `require "bearssl.luasec"`.
function module.install() end

return module
