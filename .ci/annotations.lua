-- SPDX-License-Identifier: MIT
-- .ci/annotations: what LDoc has read of our documentation comments, written as annotations for editors with LuaLS,
-- one file for each module. LDoc calls it as its filter; `make annotations` says how. The folder is $ANNOTATIONS.
--
-- An item called `sock:send` is a method of the class that its prefix names; `options.trust` is a field of a table.

-- Prefixes of methods that are short for another name than their own.
local classes = {
  sock = "socket", conn = "connection", cache = "session_cache", client = "https.client", response = "https.response",
}

-- Methods that sockets have of connections.
local of_sockets = {}
for name in ([[exporter finished info is_early ocsp_staple own_certificates peer_certificates
  request_certificate scts session state trace update_keys verified_chain]]):gmatch "%S+" do
  of_sockets[name] = true
end

-- Types by their names in LuaLS: `{string,...}` is a list, everything that is no name a table.
local function type_of(text)
  local types = {}
  for part in (text ~= "" and text or "any"):gmatch "[^|]+" do
    local list = part:match "^{(.-),%s*%.%.%.}$"
    part = part:gsub("^%?", "nil|")
    local plain = part:find "^[%w_.|]+$" or part:find "^[\"']"
    types[#types + 1] = list and list .. "[]" or plain and part or "table"
  end
  return table.concat(types, "|")
end

local function in_one_line(text)
  text = (text or ""):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""):gsub("@(%b{})", function(name)
    return ("`%s`"):format(name:sub(2, -2))
  end)
  return text
end

-- Paragraphs and lists as they stand, each on a line of its own.
local function comment(text)
  local lines, paragraphs = {}, (text or ""):gsub("\n%s*([*-] )", "\n\n%1"):gsub("\n%s*\n", "\0")
  for paragraph in paragraphs:gmatch "%Z+" do
    if paragraph:find "%S" then lines[#lines + 1] = "---" .. in_one_line(paragraph) end
  end
  return lines
end

local function append(out, lines)
  for _, line in ipairs(lines) do out[#out + 1] = line end
end

-- Where an item's name puts it: class or nil, then its own name.
local function place(item)
  local prefix, name = item.name:match "^([%w_]+):([%w_]+)$"
  if prefix then return "bearssl." .. (classes[prefix] or prefix), name end
  return nil, item.name:match "([%w_]+)$"
end

-- The options of a parameter that is a table, each documented as `options.name`.
local function option_class(item, param, class)
  local fields = {}
  for name, text in pairs(item.params.map) do
    local modifiers, field = item.modifiers.param[name] or {}, name:match "%.([%w_]+)$"
    if field and name == ("%s.%s"):format(param, field) then
      fields[#fields + 1] = ("---@field %s? %s %s"):format(field, type_of(modifiers.type), in_one_line(text))
    end
  end
  if #fields == 0 then return nil end
  table.sort(fields)
  table.insert(fields, 1, "---@class " .. class)
  fields[#fields + 1] = ""
  return fields
end

-- The parameters' annotations, and their names for the signature; classes of options go before.
local function parameters(item, path, before)
  local out = {}
  for _, name in ipairs(item.params) do
    local modifiers = item.modifiers.param and item.modifiers.param[name] or {}
    local kind, class = type_of(modifiers.type), ("%s.%s"):format(path, name)
    local options = option_class(item, name, class)
    if options then
      append(before, options)
      kind = kind:gsub("table", class)
    end
    out[#out + 1] = ("---@param %s%s %s %s"):format(name, modifiers.opt and name ~= "..." and "?" or "", kind,
      in_one_line(item.params.map[name]))
  end
  return out, table.concat(item.params, ", ")
end

-- Groups of returns, put over each other: the types that stand at one place in any of them.
local function returns(item)
  local out, most = {}, 0
  local groups = item.retgroups or {}
  for _, group in ipairs(groups) do most = math.max(most, #group) end
  for i = 1, most do
    local types, texts, seen = {}, {}, {}
    for _, group in ipairs(groups) do
      local kind = group[i] and type_of(group[i].type) or "nil"
      if not seen[kind] then types[#types + 1], seen[kind] = kind, true end
      local text = group[i] and in_one_line(group[i].text) or ""
      if text ~= "" then texts[#texts + 1] = text end
    end
    local text = #texts > 0 and " # " .. table.concat(texts, "; or ") or ""
    local all = table.concat(types, "|"):gsub("%.%.%.$", " ...") -- any number of them
    out[#out + 1] = ("---@return %s%s"):format(all, text)
  end
  return out
end

local function function_of(module, item)
  local class, name = place(item)
  local path = ("%s.%s"):format(class or module.name, name)
  local out = {}
  local params, signature = parameters(item, path, out)
  append(out, comment(item.summary .. " " .. (item.description or "")))
  if item.raise then append(out, comment("Raises: " .. tostring(item.raise))) end
  append(out, params)
  append(out, returns(item))
  out[#out + 1] = class and ("function %s:%s(%s) end"):format(class:match "[%w_]+$", name, signature)
    or ("function module.%s(%s) end"):format(name, signature)
  return out, class, name
end

-- A documented table: the class of that name and its fields, if they have names; else a field of the module.
local function table_of(item)
  local out = comment(item.summary .. " " .. (item.description or ""))
  local named = true
  for _, name in ipairs(item.params) do named = named and name:find "^[%a_][%w_]*$" end
  if not named then
    out[#out + 1] = "---@type table"
    out[#out + 1] = ("module.%s = {}"):format(item.name)
    return out
  end
  out[#out + 1] = ("---@class bearssl.%s"):format(item.name)
  for _, name in ipairs(item.params) do
    local kind = type_of((item.modifiers.field and item.modifiers.field[name] or {}).type)
    out[#out + 1] = ("---@field %s %s %s"):format(name, kind, in_one_line(item.params.map[name]))
  end
  out[#out + 1] = ("local %s = {}"):format(item.name)
  return out, "bearssl." .. item.name
end

-- The modules that `require "bearssl"` gives by their names.
local reached = { "x509", "key", "pins" }

local function file_of(module)
  local out = { "---@meta " .. module.name, "-- Made by `make annotations` from the documentation comments.", "" }
  local declared, body, shared = {}, {}, {}
  for _, item in ipairs(module.items) do
    local lines, class, name
    if item.type == "table" then
      lines, class = table_of(item)
      declared[class or ""] = true
    else
      lines, class, name = function_of(module, item)
      if class and not declared[class] then
        append(body, { "---@class " .. class, ("local %s = {}"):format(class:match "[%w_]+$"), "" })
        declared[class] = true
      end
    end
    append(body, lines)
    body[#body + 1] = ""
    if class == "bearssl.connection" and of_sockets[name] then
      for i, line in ipairs(lines) do lines[i] = line:gsub("^function connection:", "function socket:") end
      append(shared, lines)
      shared[#shared + 1] = ""
    end
  end
  append(out, comment(module.summary))
  out[#out + 1] = ("---@class %s.module"):format(module.name)
  for _, name in ipairs(module.name == "bearssl" and reached or {}) do
    out[#out + 1] = ("---@field %s bearssl.%s.module"):format(name, name)
  end
  append(out, { "local module = {}", "" })
  append(out, body)
  if #shared > 0 then append(out, { "---@class bearssl.socket", "local socket = {}", "" }) end
  append(out, shared)
  out[#out + 1] = "return module"
  return (table.concat(out, "\n"):gsub(" +\n", "\n")) .. "\n"
end

-- Module bearssl.x509.crl is the file bearssl/x509/crl.lua, as LuaLS looks for what `require` names.
local function write(folder, module)
  local path = ("%s/%s.lua"):format(folder, (module.name:gsub("%.", "/")))
  assert(os.execute(("mkdir -p '%s'"):format((path:gsub("/[^/]*$", "")))))
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(file_of(module)))
end

-- `bearssl.session_cache`, documented beside what it makes, is a function of the module bearssl.
local function moved_to_the_top(modules)
  local top, list = nil, {}
  for _, module in ipairs(modules) do
    if module.type == "module" and module.name:find "^bearssl" then -- not LuaSec's, whose names are its own
      local text = module.summary .. " " .. (module.description or "")
      list[#list + 1] = { name = module.name, summary = text, items = {} }
      if module.name == "bearssl" then top = list[#list] end
      list[#list].source = module.items
    end
  end
  for _, module in ipairs(list) do
    for _, item in ipairs(module.source) do
      local owner = item.name:find "^bearssl%.[%w_]+$" and top or module
      table.insert(owner.items, item)
    end
  end
  return list
end

return {
  filter = function(modules)
    local folder = assert(os.getenv "ANNOTATIONS", "ANNOTATIONS names no folder")
    for _, module in ipairs(moved_to_the_top(modules)) do write(folder, module) end
  end,
}
