-- What require loads: the Lua files as bytecode that stands in bearssl.core, each when it is first used; and the files
-- themselves where they are other ones than those that were compiled. Each program is a lua5.4 of its own.
local lua = os.getenv "LUA" or "lua5.4"
local core = assert(package.searchpath("bearssl.core", package.cpath))

local dir

local function run(command)
  local pipe <close> = assert(io.popen(command .. " 2>&1"))
  return pipe:read "a"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- What a program prints that sees the copy in `dir`.
local function program(text)
  write(dir .. "/program.lua", text)
  return run(("LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;' LUA_CPATH='%s/c/?.so;;' %s %s/program.lua"):format(dir, dir,
    dir, lua, dir))
end

local function source_of(module)
  return program(([[
    require "bearssl"
    local searchers = package.searchers
    for i = 2, #searchers do
      local loader = searchers[i] "%s"
      if type(loader) == "function" then return print(debug.getinfo(loader, "S").source, i) end
    end]]):format(module))
end

describe("require", function()
  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
    local made = run(("mkdir -p %s/c/bearssl && cp -Rp lua %s && cp -p %s %s/c/bearssl"):format(dir, dir, core, dir))
    assert.equal("", made)
  end)
  after_each(function() run("rm -rf " .. dir) end)

  it("finds every file compiled, and compiled it is the file", function()
    assert.equal("many\t0\n", (program(([[
      require "bearssl"
      local count, differ = 0, 0
      for path in io.popen "cd %s/lua && find bearssl -name '*.lua'":lines() do
        local name = path:gsub("%%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
        local loader, found = package.searchers[2](name)
        local text = assert(loadfile("%s/lua/" .. path))
        local same = string.dump(loader, true) == string.dump(text, true) and found == "%s/lua/" .. path
        differ = differ + (same and 0 or 1)
        count = count + 1
      end
      print(count > 100 and "many" or count, differ)]]):format(dir, dir, dir))))
  end)

  it("leaves traces of an error with the names and lines of the files", function()
    local said = program [[
      require "bearssl"
      print(debug.getinfo(require "bearssl.check".hint, "Sl").short_src)
      print(debug.getinfo(require "bearssl.check".hint, "S").linedefined > 1)]]
    assert.equal("bearssl/check.lua\ntrue\n", said)
  end)

  it("takes a file that was changed since", function()
    local path = dir .. "/lua/bearssl/version.lua"
    write(path, read(path) .. "-- changed\n")
    assert.equal(("@%s\t3\n"):format(path), source_of "bearssl.version")
    assert.equal("@bearssl/config.lua\t2\n", source_of "bearssl.config")
  end)

  it("takes a file of the same length that is newer than the module", function()
    local path = dir .. "/lua/bearssl/version.lua"
    write(path, (read(path):gsub("SPDX", "XDPS")))
    run(("touch -d '+1 hour' %s"):format(path))
    assert.equal(("@%s\t3\n"):format(path), source_of "bearssl.version")
  end)

  it("takes a file of a folder that LUA_PATH has before ours, of the same length and older too", function()
    local path = dir .. "/first/bearssl/pins.lua"
    run(("mkdir -p %s/first/bearssl"):format(dir))
    write(path, (read(dir .. "/lua/bearssl/pins.lua"):gsub("SPDX", "XDPS")))
    run(("touch -d '-1 year' %s"):format(path))
    local said = program(([[
      package.path = "%s/first/?.lua;" .. package.path
      require "bearssl"
      print(debug.getinfo(require "bearssl.pins".read, "S").source)
      print(debug.getinfo(require "bearssl.check".hint, "S").source)]]):format(dir))
    assert.equal(("@%s\n@bearssl/check.lua\n"):format(path), said)
  end)

  it("takes a file of a folder that the program puts first later on", function()
    local path = dir .. "/first/bearssl/pins.lua"
    run(("mkdir -p %s/first/bearssl"):format(dir))
    write(path, "return 'mine'")
    assert.equal("mine\n", program(([[
      require "bearssl".client { trust = require "bearssl".store {} }
      package.path = "%s/first/?.lua;" .. package.path
      print((require "bearssl.pins"))]]):format(dir)))
  end)

  it("goes without the files", function()
    run(("rm -rf %s/lua/bearssl"):format(dir))
    local said = program [[
      local bearssl = require "bearssl"
      local https = require "bearssl.https"
      print(bearssl.client { trust = bearssl.store {} } ~= nil, bearssl.listen ~= nil, https.get ~= nil)]]
    assert.equal("true\ttrue\ttrue\n", said)
  end)

  it("goes without the files, and not with those of the current folder", function()
    run(("rm -rf %s/lua/bearssl && mkdir -p %s/bearssl"):format(dir, dir))
    for _, name in ipairs { "version", "pins" } do
      write(("%s/bearssl/%s.lua"):format(dir, name), "return 'a stranger'")
    end
    write(dir .. "/program.lua", 'print(require "bearssl"._VERSION ~= "a stranger", type(require "bearssl.pins"))')
    local said = run(("cd %s && LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;./?.lua' LUA_CPATH='%s/c/?.so' %s program.lua")
      :format(dir, dir, dir, dir, lua))
    assert.equal("true\ttable\n", said)
  end)

  it("lets package.preload come first", function()
    assert.equal("mine\n", program [[
      package.preload["bearssl.key"] = function() return "mine" end
      print(require "bearssl".key)]])
  end)

  it("says of a module that is not there what Lua says", function()
    local said = program [[require "bearssl" require "bearssl.nothing"]]
    assert.truthy(said:find("module 'bearssl.nothing' not found", 1, true), said)
  end)

  it("loads little, and the rest when it is used", function()
    local said = program [[
      local bearssl = require "bearssl"
      assert(bearssl.client { trust = bearssl.store {} })
      local list = {}
      for name in pairs(package.loaded) do list[#list + 1] = name:match "^bearssl%.(.*)" end
      table.sort(list)
      print(table.concat(list, " "))
      print(package.loaded.socket, type(bearssl.connect), type(bearssl.session_cache()), type(bearssl.pins.read))]]
    assert.equal("carrier check config connection core later native_options options policy socket store suites "
      .. "version\nnil\tfunction\ttable\tfunction\n", said)
  end)

  it("gives certificates the methods that are Lua's when they are called", function()
    local said = program(([[
      local core = require "bearssl.core"
      local certificate = core.x509_load "%s"[1]
      local days_left = certificate.days_left
      print(package.loaded["bearssl.x509"], certificate.not_before < certificate.not_after)
      print(days_left(certificate, certificate.not_after - 86400), type(package.loaded["bearssl.x509"]),
        certificate.days_left == days_left, certificate.days_left(certificate, certificate.not_after + 1))
      print(#certificate:text() > 100, certificate:to_table().version, pcall(days_left))]]):format(
      "spec/vectors/x509/p384.pem"))
    assert.truthy(said:find "^nil\ttrue\n1\ttable\tfalse\t%-1\ntrue\t3\tfalse\t[^\n]*self[^\n]*\n$", said)
  end)

  it("loads of bearssl.https what a plain request needs", function()
    local said = program [[
      local https = require "bearssl.https"
      print(https.request "https://127.0.0.1:1/path?query")
      for _, name in ipairs { "socket", "socket.url", "zlib", "ltn12", "mime", "bearssl.https.redirect",
        "bearssl.https.pool", "bearssl.https.download", "bearssl.near" } do
        if package.loaded[name] then print(name) end
      end]]
    assert.truthy(said:find "^nil\trefused: [^\n]*\n$", said)
  end)

  it("shows pairs all that there is", function()
    local said = program [[
      local list = {}
      for name, value in pairs(require "bearssl") do list[#list + 1] = name .. (value == nil and "?" or "") end
      table.sort(list)
      print(table.concat(list, " "))]]
    assert.equal("_VERSION client connect key listen pins server session_cache store x509\n", said)
  end)

  it("knows each suite by its name, and all of them by pairs", function()
    assert.equal("true\ttrue\tnil\ttrue\n", program [[
      local suites = require "bearssl.core".cipher_suites
      local one, count = suites.TLS_AES_128_GCM_SHA256, 0
      for name, suite in pairs(suites) do count = count + (suites[name] == suite and 1 or 0) end
      print(one.id == 0x1301 and one.tls_1_3, one == suites.TLS_AES_128_GCM_SHA256, suites.nothing, count > 40)]])
  end)
end)
