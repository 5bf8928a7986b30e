-- LuaSec's names are taken by those who ask for it: a plain installation leaves an installed LuaSec where it is,
-- `make install-luasec` writes into a folder of its own.
local child = require "spec.support.child"
local lfs = require "lfs"

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local out = pipe:read "a"
  assert(pipe:close(), command .. "\n" .. out)
  return out
end

-- All files under a folder, by their paths in it.
local function files(dir, prefix, list)
  list, prefix = list or {}, prefix or ""
  for name in lfs.dir(dir) do
    local path = dir .. "/" .. name
    if name ~= "." and name ~= ".." then
      if lfs.attributes(path, "mode") == "directory" then
        files(path, prefix .. name .. "/", list)
      else
        list[#list + 1] = prefix .. name
      end
    end
  end
  table.sort(list)
  return list
end

local whose = [[-e 'print((require "ssl"._COPYRIGHT:match "^%S+"), (require "ssl.https"._COPYRIGHT:match "^%S+"))']]

describe("LuaSec's names", function()
  local dir

  before_each(function()
    dir = os.tmpname() .. ".d"
    assert(os.execute(("mkdir %s && rm %s"):format(dir, dir:sub(1, -3))))
  end)
  after_each(function() os.execute("rm -r " .. dir) end)

  it("are not taken by make install", function()
    run(("env -u MAKEFLAGS make --no-print-directory install DESTDIR=%s PREFIX=/usr"):format(dir))
    local installed = files(dir)
    assert.truthy(#installed > 20)
    for _, name in ipairs(installed) do assert.falsy(name:find "5%.4/ssl%.lua$" or name:find "5%.4/ssl/", name) end
    local lua, c = dir .. "/usr/share/lua/5.4", dir .. "/usr/lib/lua/5.4"
    local path = ("LUA_PATH='%s/?.lua;%s/?/init.lua;;' LUA_CPATH='%s/?.so;;'"):format(lua, lua, c)
    assert.equal("LuaSec\tLuaSec\n", run(("env -u LUA_INIT %s lua5.4 %s"):format(path, whose)))
  end)

  it("are not taken by what else is loaded", function()
    local others = [[ lua5.4 -e 'require "bearssl"; require "bearssl.https"; require "bearssl.store"' ]]
    local out = run(child .. others .. whose)
    assert.equal("LuaSec\tLuaSec\n", out)
  end)

  it("are taken by require, at any time, and what was loaded before stays", function()
    local out = run(child .. [[ lua5.4 -e '
      local old = require "ssl"
      require "bearssl.luasec"
      local new = require "ssl"
      print(old ~= new, old._COPYRIGHT:match "^%S+", require "ssl" == new)' ]])
    assert.equal("true\tLuaSec\ttrue\n", out)
  end)

  it("are taken by lua -lbearssl.luasec", function()
    assert.equal("lua-bearssl,\tlua-bearssl,\n", run(child .. " lua5.4 -lbearssl.luasec " .. whose))
  end)

  it("are taken by a folder of make install-luasec, once it is first in the path", function()
    run(("env -u MAKEFLAGS make --no-print-directory install-luasec DESTDIR=%s LUASEC_DIR=/own"):format(dir))
    assert.same({ "own/ssl.lua", "own/ssl/config.lua", "own/ssl/context.lua", "own/ssl/core.lua", "own/ssl/https.lua",
      "own/ssl/x509.lua" }, files(dir))
    local first = child:gsub("LUA_PATH='", ("%%0%s/own/?.lua;"):format(dir))
    assert.equal("lua-bearssl,\tlua-bearssl,\n", run(first .. " lua5.4 " .. whose))
    assert.equal("true\n", run(first .. [[ lua5.4 -e 'print(require "ssl.config" == require "ssl".config and
      require "ssl.x509" == require "bearssl.luasec".module "ssl.x509")']]))
  end)
end)
