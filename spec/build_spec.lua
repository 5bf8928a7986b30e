-- The ways to build and install: make with DESTDIR, an upstream tree of BearSSL, luarocks; the room check;
-- what `make deps` says without root. Each works on a copy of the tree and asks no network.
local top = io.popen("pwd"):read "l"

local function quoted(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

-- Runs a command line in `dir`, outside the make that runs us; gives its status and all it printed.
local function run(dir, command)
  local line = ("cd %s && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL sh -c %s 2>&1; echo \"status $?\"")
  local pipe <close> = assert(io.popen(line:format(quoted(dir), quoted(command)) .. " </dev/null"))
  local out, status = pipe:read("a"):match "^(.*)status (%d+)\n$"
  return tonumber(status), out
end

local function works(dir, command)
  local status, out = run(dir, command)
  assert(status == 0, command .. "\n" .. out)
  return out
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

local copies = {}
local function copy() -- a clean checkout, so to say
  local dir = os.tmpname()
  os.remove(dir)
  copies[#copies + 1] = dir
  works(top, ("mkdir %s && cp -R Makefile bearssl-scm-1.rockspec .ci csrc lua %s && mkdir %s/docs && "
    .. "cp docs/bearssl.1 %s/docs"):format(dir, dir, dir, dir))
  return dir
end

-- In a fresh lua5.4 that sees only what was installed: the module loads, and from where it should.
local function loads(dir, lua_dir, c_dir)
  local script = [[local bearssl = require "bearssl" local path = package.searchpath("bearssl.core", package.cpath)
    print(type(bearssl.client), path)]]
  local env = ('LUA_PATH="%s/?.lua;%s/?/init.lua;;" LUA_CPATH="%s/?.so;;"'):format(lua_dir, lua_dir, c_dir)
  assert.equal(("function\t%s/bearssl/core.so\n"):format(c_dir), works(dir, env .. " lua5.4 -e " .. quoted(script)))
end

local runs = "env -u LUA_PATH -u LUA_CPATH " -- with nothing but what was installed

local jobs = "-j" .. (os.getenv "JOBS" or "2")

describe("make", function()
  local dir
  lazy_setup(function() dir = copy() end)
  lazy_teardown(function()
    for _, path in ipairs(copies) do works("/", "rm -rf " .. path) end
  end)

  it("installs under DESTDIR and PREFIX", function()
    works(dir, ("make %s install DESTDIR=%s/stage PREFIX=/opt/x"):format(jobs, dir))
    loads(dir, dir .. "/stage/opt/x/share/lua/5.4", dir .. "/stage/opt/x/lib/lua/5.4")
    assert.equal("stage/opt/x/bin/bearssl\nstage/opt/x/share/man/man1/bearssl.1\n",
      works(dir, "find stage -type f ! -path 'stage/opt/x/share/lua/5.4/*' ! -name core.so | sort"))
    assert.equal("", works(dir, "diff -r -x bin lua stage/opt/x/share/lua/5.4")) -- all of them, at any depth
  end)

  it("installs the command, which finds its modules wherever it is called from", function()
    works(dir, ("make %s install PREFIX=%s/there"):format(jobs, dir))
    assert.truthy(works("/", runs .. dir .. "/there/bin/bearssl --version"):find "^bearssl %d")
    works(dir, ("make %s install PREFIX=%s/there LUA=lua BINDIR=%s/there/sbin"):format(jobs, dir, dir))
    assert.equal("#!/usr/bin/env lua\n", works(dir, "head -n 1 there/sbin/bearssl"))
  end)

  it("exports luaopen_bearssl_core and nothing else", function()
    assert.equal("luaopen_bearssl_core\n", works(dir, "nm -D --defined-only build/bearssl/core.so | cut -d' ' -f3"))
  end)

  it("makes nothing anew when nothing has changed, and everything when a flag has", function()
    assert.equal("", works(dir, "make all"))
    local again = works(dir, ("make %s all CFLAGS=-O1"):format(jobs))
    assert.truthy(again:find("csrc/base/error.o", 1, true) and again:find("LINK", 1, true))
  end)

  it("installs by luarocks, dependencies from elsewhere", function()
    works(dir, ("HOME=%s MAKEFLAGS=%s luarocks --lua-version 5.4 make --deps-mode none --tree %s/tree")
      :format(dir, jobs, dir))
    loads(dir, dir .. "/tree/share/lua/5.4", dir .. "/tree/lib/lua/5.4")
    assert.truthy(works("/", runs .. dir .. "/tree/bin/bearssl --version"):find "^bearssl %d")
  end)

  it("builds against an upstream tree of BearSSL", function()
    local archive = works(dir, "gcc -print-file-name=libbearssl.a"):match "^/%S+"
    works(dir, "mkdir -p upstream/inc upstream/build && cp " .. assert(archive) .. " upstream/build/")
    local headers = works(dir, [[find /usr/include -maxdepth 2 -name 'bearssl*.h']])
    for header in headers:gmatch "%S+" do works(dir, "cp " .. header .. " upstream/inc/") end
    local out = works(dir, ("make %s V=1 install BEARSSL_DIR=upstream DESTDIR=%s/other"):format(jobs, dir))
    assert.truthy(out:find("-isystem upstream/inc", 1, true))
    assert.truthy(out:find("upstream/build/libbearssl.a", 1, true))
    loads(dir, dir .. "/other/usr/local/share/lua/5.4", dir .. "/other/usr/local/lib/lua/5.4")
  end)
end)

describe("make rooms", function()
  local dir = os.tmpname() .. ".d"
  before_each(function() works("/", ("mkdir -p %s/csrc/base %s/csrc/tls %s/csrc/lua"):format(dir, dir, dir)) end)
  after_each(function() works("/", "rm -rf " .. dir .. " " .. dir:gsub("%.d$", "")) end)

  local function rooms()
    local status, out = run(top, "lua5.4 .ci/rooms.lua " .. dir)
    return status, out
  end

  it("accepts the tree as it is", function() works(top, "make -s rooms") end)

  for _, case in ipairs {
    { "base", '#include "wire/handshake.h"' },
    { "base", '# include "x509/store.h"' },
    { "base", "#include <bearssl.h>" },
    { "base", '#include "bytes.h"' },
    { "base", '#include "../tls/key.h"' },
    { "base", "#include WHAT" },
    { "tls", '#include "x509/certificate.h"' },
    { "tls", "#include <bearssl.h>" },
    { "tls", "#include <lua.h>" },
    { "lua", "#include <bearssl_x509.h>" },
    { "lua", '#include "bear/bear.h"' },
  } do
    it("refuses " .. case[2] .. " in " .. case[1], function()
      write(dir .. "/csrc/" .. case[1] .. "/a.c", "#include <stdint.h>\n" .. case[2] .. "\n")
      local status, out = rooms()
      assert.equal(1, status)
      assert.truthy(out:find("csrc/" .. case[1] .. "/a.c:2: ", 1, true), out)
    end)
  end

  it("lets tls see x509's verify interface alone", function()
    write(dir .. "/csrc/tls/a.c", '#include "x509/verify.h"\n#include "crypto/ec.h"\n#include "tls/b.h"\n')
    assert.equal(0, (rooms()))
  end)

  it("refuses a file outside the rooms", function()
    write(dir .. "/csrc/a.c", "int x;\n")
    assert.equal(1, (rooms()))
  end)
end)

describe("make deps", function()
  local dir = os.tmpname() .. ".d"
  lazy_setup(function() -- a machine without root and sudo, where gcc alone is installed
    works("/", "mkdir " .. dir)
    write(dir .. "/dpkg-query", "#!/bin/sh\necho 'installed:gcc '\n")
    write(dir .. "/id", "#!/bin/sh\necho 1000\n")
    write(dir .. "/apt-get", "#!/bin/sh\necho apt-get was called\n")
    works(dir, "chmod +x dpkg-query id apt-get && ln -s $(command -v sh) $(command -v env) .")
  end)
  lazy_teardown(function() works("/", "rm -rf " .. dir .. " " .. dir:gsub("%.d$", "")) end)

  it("prints the one command without root and sudo, and fails", function()
    local status, out = run(top, "PATH=" .. dir .. " sh .ci/deps demo")
    assert.equal(1, status)
    assert.truthy(out:find("as root, run: apt-get update && apt-get install -y --no-install-recommends libc6-dev make",
      1, true), out)
    assert.falsy(out:find "was called")
  end)

  it("installs as root", function()
    write(dir .. "/id", "#!/bin/sh\necho 0\n")
    local status, out = run(top, "PATH=" .. dir .. " sh .ci/deps demo")
    assert.equal(0, status)
    assert.equal(2, select(2, out:gsub("apt%-get was called", "")))
  end)

  it("asks apt nothing when all is there", function()
    write(dir .. "/dpkg-query", '#!/bin/sh\nprintf "installed:%s " "$@"\n')
    local status, out = run(top, "PATH=" .. dir .. " sh .ci/deps demo test")
    assert.same({ 0, "" }, { status, out })
  end)
end)
