-- store:verify for specs: anchors and chains as spec.support.authority makes them, at 2025-01-01.
local store = require "bearssl.store"

local validation = { now = 1735689600 }

-- A store of these anchors; `options` as bearssl.store takes them.
function validation.trust(anchors, options)
  local what = options or {}
  for i, each in ipairs(anchors) do what[i] = each.der end
  return assert(store(what))
end

-- `anchors`: a list, or a store; `chain`: the leaf first
function validation.verify(anchors, chain, options)
  options = options or {}
  options.time = options.time or validation.now
  local trusted = type(anchors) == "userdata" and anchors or validation.trust(anchors)
  local list = {}
  for i, each in ipairs(chain) do list[i] = each.der end
  return trusted:verify(list, options)
end

function validation.accepts(anchors, chain, options)
  local path, checked = validation.verify(anchors, chain, options)
  if not path then error(tostring(checked), 2) end
  return path, checked
end

-- Gives the error.
function validation.refuses(code, anchors, chain, options)
  local path, err = validation.verify(anchors, chain, options)
  if path then error("accepted; wanted " .. code, 2) end
  if err.code ~= code then error(("wanted %s, not %s"):format(code, err), 2) end
  return err
end

function validation.is_path(expected, path)
  for i, each in ipairs(expected) do
    if not path[i] or path[i]:der() ~= each.der then
      error(("certificate %d is %s"):format(i, path[i] and path[i].subject), 2)
    end
  end
  if #path ~= #expected then error(("%d certificates instead of %d"):format(#path, #expected), 2) end
end

return validation
