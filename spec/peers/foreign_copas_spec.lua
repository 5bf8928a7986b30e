-- copas: Debian's, which is 1.1.7 and for Lua 5.1 and 5.2 but runs on 5.4 where it is found, and the one in COPAS_DIR
-- (docs/luasec-programs.md says which were tried). A program on LuaSec and on bearssl.luasec has the same results.
local foreign = require "spec.support.foreign"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local debian = "/usr/share/lua/5.2/?.lua;/usr/share/lua/5.3/?.lua"

-- What the program shows, by name.
local function run(side, path, nginx)
  local silent <close> = peer.listen()
  local pair = pki.server.p256
  local program = ("lua5.4 %s/spec/support/foreign_copas.lua %s %s %s %s https://localhost:%d/facts %d"):format(
    foreign.top, pair.certificate, pair.key, pki.root.p256, pki.stranger, nginx.port, silent.port)
  local out = foreign.run(side, ("sh -c 'LUA_PATH=\"%s;$LUA_PATH\" exec %s'"):format(path, program),
    { modules = foreign.top })
  local list = {}
  for name, rest in out:gmatch "([^\n:]+): ([^\n]*)" do list[name] = rest end
  assert.equal(side, list.library, out)
  list.library = nil
  return list
end

describe("copas", function()
  local nginx

  lazy_setup(function()
    nginx = peer.nginx(pki.server.p256, nil, "TLSv1.2 TLSv1.3")
  end)
  lazy_teardown(function()
    nginx:stop()
  end)

  it("of Debian does what it does on LuaSec", function()
    local theirs = run("LuaSec", debian, nginx)
    assert.equal("Copas 1.1.7", theirs.version)
    assert.equal("nil wantread ", theirs["nothing yet"])
    assert.equal("TLSv1.3", theirs.rest)
    assert.same(theirs, run("bearssl", debian, nginx))
  end)

  local own = os.getenv "COPAS_DIR"
  if own then
    it("of COPAS_DIR does what it does on LuaSec", function()
      local path = ("%s/?.lua;%s/src/?.lua;%s/share/lua/5.4/?.lua"):format(own, own, own)
      local theirs = run("LuaSec", path, nginx)
      assert.equal("20", theirs.many)
      assert.equal("nil timeout", theirs.silent)
      assert.same(theirs, run("bearssl", path, nginx))
    end)
  end
end)
