-- SPDX-License-Identifier: MIT
-- A module that is loaded when something of it is first used: what later(name) gives has the fields of that module, and
-- where the module is a function, it calls it. (A tail call: who raises an error at a level finds its caller there.)
local meta = {}

function meta:__index(key)
  return require(self[meta])[key]
end

function meta:__call(...)
  return require(self[meta])(...)
end

return function(name)
  return setmetatable({ [meta] = name }, meta)
end
