-- Debian's luarocks under lua5.4, with LuaSocket and ssl.https for its downloads: it finds a rock by the manifest of an
-- https server, follows a redirect to the source, and installs it. The same on LuaSec and on bearssl.luasec.
local foreign = require "spec.support.foreign"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local rockspec = [[
package = "salute"
version = "1.0-1"
source = { url = "https://localhost:%d/moved/salute.lua", md5 = "%s" }
description = { summary = "A rock for a test", license = "MIT" }
dependencies = { "lua >= 5.1" }
build = { type = "builtin", modules = { salute = "salute.lua" } }
]]

local manifest = [[
commands = {}
modules = {}
repository = { salute = { ["1.0-1"] = { { arch = "rockspec" } } } }
]]

-- The programs that it would download with are not there. It wants Lua's headers,
-- and would look for them beside the interpreter, which may be the sanitizers'.
local config = [[
rocks_trees = { { name = "here", root = "@/tree" } }
rocks_servers = { "https://localhost:%d" }
variables = { WGET = "/nonexistent/wget", CURL = "/nonexistent/curl", LUA_INCDIR = "@/" }
local_cache = "@/cache"
home_tree = "@/tree"
fs_use_modules = true
]]

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

describe("luarocks", function()
  local server

  lazy_setup(function()
    server = peer.nginx(pki.server.p256, "location /moved/ { rewrite ^/moved/(.*)$ /sources/$1 redirect; }", "TLSv1.3")
    local root, source = server.dir .. "/root/", "return 'hello from a rock'\n"
    os.execute("mkdir " .. root .. "sources")
    write(root .. "sources/salute.lua", source)
    write(root .. "manifest-5.4", manifest)
    write(root .. "salute-1.0-1.rockspec", rockspec:format(server.port,
      io.popen("md5sum " .. root .. "sources/salute.lua"):read(32)))
  end)
  lazy_teardown(function()
    server:stop()
  end)

  -- Installs, then runs what was installed.
  local function install(side, trusted)
    local command = "sh -c 'lua5.4 /usr/bin/luarocks --lua-version=5.4 install salute; echo status $?; "
      .. "lua5.4 -e \"print(dofile [[@/tree/share/lua/5.4/salute.lua]])\"'"
    return (foreign.run(side, command, {
      environment = ("HOME=@/ LUAROCKS_CONFIG=@/config.lua SSL_CERT_FILE=%s"):format(trusted),
      files = { ["config.lua"] = config:format(server.port), ["lua.h"] = "#define LUA_VERSION_NUM 504\n" },
    }))
  end

  for _, side in ipairs(foreign.sides) do
    it("installs a rock on " .. side, function()
      local out = install(side, pki.root.p256)
      assert.truthy(out:find("status 0", 1, true), out)
      assert.truthy(out:find("hello from a rock", 1, true), out)
      assert.falsy(out:find "[Ww]arning", out)
    end)
  end

  it("takes from a stranger on LuaSec, and refuses on bearssl", function()
    local theirs, ours = install("LuaSec", pki.stranger), install("bearssl", pki.stranger)
    assert.truthy(theirs:find("hello from a rock", 1, true), theirs)
    assert.falsy(ours:find("hello from a rock", 1, true), ours)
    assert.truthy(ours:find("certificate verify failed", 1, true), ours)
  end)
end)
