-- SPDX-License-Identifier: MIT
-- lua5.4 .ci/bundle.lua lua/bearssl/a.lua ... - the Lua files, compiled, as C for csrc/lua/modules.h. Bytecode is of
-- one release of Lua, which is told with it. Any other Lua than 5.4 gives C without any.
local function release()
  local pipe <close> = assert(io.popen(("'%s' -v 2>&1"):format(arg[-1])))
  return (pipe:read "a"):match "^Lua (5%.4%.%d+)"
end

local function module(path)
  local file <close> = assert(io.open(path, "rb"))
  local source = file:read "a"
  local relative = assert(path:match "^lua/(.*)%.lua$", path)
  local name = relative:gsub("/init$", ""):gsub("/", ".")
  assert(#name < 56, "a longer name than csrc/lua/modules.h has room for: " .. name)
  local code = string.dump(assert(load(source, "@" .. relative .. ".lua", "t")))
  return { name = name, is_folder = relative:find "/init$" and 1 or 0, source_size = #source, code = code }
end

local function bytes(code)
  return (code:gsub(".", function(c) return c:byte() .. "," end):gsub("(" .. ("%d+,"):rep(24) .. ")", "%1\n"))
end

local out = { '#include "lua/modules.h"\n' }
local compiled_by = _VERSION == "Lua 5.4" and release()
if compiled_by then
  local modules, rows, code, at = {}, {}, {}, 0
  for i, path in ipairs(arg) do modules[i] = module(path) end
  table.sort(modules, function(a, b) return a.name < b.name end)
  for i, m in ipairs(modules) do
    rows[i] = ('{ "%s", %d, %d, %d, %d },\n'):format(m.name, m.is_folder, m.source_size, at, #m.code)
    code[i] = bytes(m.code)
    at = at + #m.code
  end
  out[#out + 1] = "static const lt_lua_module modules[] = {\n" .. table.concat(rows) .. "};\n"
  out[#out + 1] = "static const uint8_t code[] = {\n" .. table.concat(code, "\n") .. "\n};\n"
  out[#out + 1] = ('const lt_lua_bundle lt_lua_modules = { "%s", modules, %d, code };\n'):format(compiled_by, #modules)
else
  out[#out + 1] = "const lt_lua_bundle lt_lua_modules = { .count = 0 };\n"
end
io.write(table.concat(out))
