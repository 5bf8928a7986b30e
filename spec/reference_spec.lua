-- The reference: every public name is documented - modules, functions, methods, options, constants -, everything
-- documented is there, and the annotations for editors in docs/annotations say the same (`make annotations` makes them
-- anew).
local bearssl = require "bearssl"
local core = require "bearssl.core"
local https = require "bearssl.https"
local pki = require "spec.support.pki"

local made = os.tmpname()
os.remove(made)

-- What modules of ours have for one another.
local internal = { ["bearssl.fetch.default"] = true, ["bearssl.fetch.is"] = true, ["bearssl.pins.read"] = true,
  ["bearssl.socket.buffered"] = true,
  ["bearssl.trace.add"] = true, ["bearssl.trace.steps"] = true }
for _, name in ipairs { "is", "new", "prepare", "release" } do internal["bearssl.session_cache." .. name] = true end

-- Files that are no modules for programs: what modules of ours are made of. Of folders, shared/ and x509/ have modules
-- for programs; what is in the others belongs to the module of that name.
local parts = {}
for name in ([[carrier certificate_text check client_hello event extension_text guard hex later native_options near
  options policy psk revocation ring stream suites time_left version]]):gmatch "%S+" do
  parts[name] = true
end
-- Whose functions are bearssl's own: bearssl.client, bearssl.connect and so on.
local of_bearssl = { config = true, connect = true }
local public_folders = { shared = true, x509 = true }

-- Those of lua-nginx-module have its manual.
for name in pairs(require "bearssl.ngx") do internal["bearssl.ngx." .. name] = true end

local function run(command)
  local pipe <close> = assert(io.popen(command .. " 2>&1"))
  local out = pipe:read "a"
  return pipe:close(), out
end

local function annotations()
  local ok, out = run(("make -s annotations ANNOTATIONS=%s"):format(made))
  assert(ok, out)
end

local function files(folder)
  local list = {}
  for path in io.popen(("cd %s && find . -name '*.lua' | LC_ALL=C sort"):format(folder)):lines() do
    list[#list + 1] = path:sub(3)
  end
  return list
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- Documented: by module, and by class, the names of functions.
local function documented()
  local modules, classes = {}, {}
  for _, path in ipairs(files(made)) do
    local module = path:gsub("%.lua$", ""):gsub("/", ".")
    modules[module] = {}
    for owner, separator, name in read(made .. "/" .. path):gmatch "\nfunction ([%w_]+)([.:])([%w_]+)%(" do
      if separator == "." then
        modules[module][name] = true
      else
        classes[owner] = classes[owner] or {}
        classes[owner][name] = true
      end
    end
  end
  return modules, classes
end

-- What stands before a function in the annotations: its text, and the class of its options.
local function text_of(module, name)
  local text = "\nend\n" .. read(("%s/%s.lua"):format(made, (module:gsub("%.", "/"))))
  local stop = assert(text:find(("\nfunction [%%w_]+[.:]%s%%("):format(name)), module .. "." .. name)
  return text:sub(1, stop):match "^.*%) end\n(.*)$" or text:sub(1, stop)
end

-- A table of a module that only its functions see, by its local name: from a function through what it refers to.
local function local_table(from, wanted, seen)
  seen = seen or {}
  if seen[from] then return nil end
  seen[from] = true
  if type(from) == "table" then
    for _, value in pairs(from) do
      local found = type(value) == "function" and local_table(value, wanted, seen)
      if found then return found end
    end
    return nil
  end
  for i = 1, math.huge do
    local name, value = debug.getupvalue(from, i)
    if not name then return nil end
    if name == wanted and type(value) == "table" then return value end
    local found = (type(value) == "function" or type(value) == "table" and name ~= "_ENV")
      and local_table(value, wanted, seen)
    if found then return found end
  end
end

-- Options, by the function that takes them: the names that it knows.
local function options_at_run_time()
  local options = require "bearssl.options"
  local https_options = require "bearssl.https.options"
  local list = {
    { "bearssl", "client", options.known_for "client" },
    { "bearssl", "server", options.known_for "server" },
    { "bearssl", "listen", local_table(require "bearssl.server.options", "own") },
    { "bearssl", "connect", local_table(bearssl.connect, "own_options") },
    { "bearssl", "store", local_table(bearssl.store, "store_options") },
    { "bearssl.store", "verify", local_table(debug.getregistry()["bearssl.store"].__index.verify, "verify_options") },
    { "bearssl.fetch", nil, local_table(require "bearssl.fetch".ocsp, "known") },
    { "bearssl.starttls", nil, local_table(require "bearssl.starttls".smtp, "common") },
    { "bearssl.shared.redis", "new", local_table(require "bearssl.shared.redis.options", "known") },
    { "bearssl.socket", "wrap", local_table(core.config_methods.wrap, "wrap_options") },
  }
  for _, kind in ipairs { "shared", "single", "lasting" } do
    list[#list + 1] = { "bearssl.https", nil, local_table(https_options, kind) }
  end
  return list
end

-- The tables of methods that objects have, by the names of their classes.
local function classes_at_run_time()
  local own = pki.server.p256
  local listener <close> = assert(bearssl.listen { port = 0, certificate = own.certificate, key = own.key })
  local shared = require "bearssl.shared.redis".new { secret = false, redis = { connect = print } }
  local found = {
    listener = getmetatable(listener).__index,
    shared_redis = getmetatable(shared).__index,
    session_cache = getmetatable(bearssl.session_cache()).__index,
    client = getmetatable(https.new()).__index,
    response = getmetatable(require "bearssl.https.response".new({ headers = {}, status = 200 })).__index,
    condition = getmetatable(require "bearssl.scheduler".condition()).__index,
    loop = getmetatable(require "bearssl.scheduler".loop()).__index,
    out = getmetatable(require "bearssl.command.output".new()).__index,
    authority = getmetatable(assert(require "bearssl.mkcert".authority { name = "Root" })).__index,
    acme_client = getmetatable(require "bearssl.acme".new { directory = "https://localhost/",
      key = assert(require "bearssl.mkcert".key()) }).__index,
    request = getmetatable(assert(bearssl.x509.request.parse(assert(require "bearssl.mkcert".request {}).pem))).__index,
    tcpsock = getmetatable(require "bearssl.cosocket".tcp()).__index,
  }
  for _, class in ipairs { "certificate", "crl", "key", "name", "ocsp_response" } do -- whose __index is C's
    found[class] = select(2, debug.getupvalue(debug.getregistry()["bearssl." .. class].__index, 1))
  end
  for name, meta in pairs(debug.getregistry()) do
    local class = type(name) == "string" and name:match "^bearssl%.([%w_]+)$"
    if class and type(meta) == "table" and type(meta.__index) == "table" and next(meta.__index) then
      found[class] = meta.__index
    end
  end
  return found
end

local function names_of_functions(t)
  local list = {}
  for name, value in pairs(t) do
    if type(value) == "function" and not name:find "^__" then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

describe("the reference", function()
  setup(annotations)
  teardown(function() os.execute(("rm -rf '%s'"):format(made)) end)

  it("has every function of every documented module, and no other", function()
    local wrong = {}
    for module, names in pairs((documented())) do
      local ok, there = pcall(require, module)
      there = ok and type(there) == "table" and there or {}
      for _, name in ipairs(names_of_functions(there)) do
        local path = ("%s.%s"):format(module, name)
        if not names[name] and not internal[path] then wrong[#wrong + 1] = path .. " is not documented" end
      end
      for name in pairs(names) do
        local value = there[name]
        if type(value) ~= "function" and not (type(value) == "table" and getmetatable(value)) then
          wrong[#wrong + 1] = ("%s.%s is documented, and not there"):format(module, name)
        end
      end
    end
    table.sort(wrong)
    assert.same({}, wrong)
  end)

  it("has every module, and says of every file whether it is one", function()
    local modules, wrong = documented(), {}
    for _, path in ipairs(files "lua/bearssl") do
      local folder, name = path:match "^(%w+)/", path:gsub("%.lua$", "")
      local module = "bearssl." .. name:gsub("/", ".")
      local here = not folder or public_folders[folder] and not name:find "/.*/"
      if here and not modules[module] and not parts[name] and not of_bearssl[name] then
        wrong[#wrong + 1] = module .. " is not documented"
      elseif parts[name] and modules[module] then
        wrong[#wrong + 1] = module .. " is documented, and no module for programs"
      end
    end
    assert.same({}, wrong)
  end)

  it("has every option", function()
    local wrong = {}
    for _, each in ipairs(options_at_run_time()) do
      local module, name, known = each[1], each[2], each[3]
      local text = name and text_of(module, name) or read(("%s/%s.lua"):format(made, (module:gsub("%.", "/"))))
      assert.truthy(known and next(known), ("%s.%s: no options are found"):format(module, name))
      for option in pairs(known) do
        local quoted = "`" .. option .. "%f[^%w_]"
        if not text:find(quoted) and not text:find("@field " .. option .. "? ", 1, true) then
          wrong[#wrong + 1] = ("%s.%s: option '%s'"):format(module, name or "*", option)
        end
      end
    end
    table.sort(wrong)
    assert.same({}, wrong)
  end)

  it("has every constant", function()
    local wrong = {}
    for module in pairs((documented())) do
      local ok, there = pcall(require, module)
      local text = read(("%s/%s.lua"):format(made, (module:gsub("%.", "/"))))
      for name, value in pairs(ok and module ~= "bearssl.ngx" and type(there) == "table" and there or {}) do
        local plain = type(value) == "string" or type(value) == "number" or type(value) == "boolean"
        if plain and type(name) == "string" and not text:find("%f[%w_]" .. name .. "%f[^%w_]") then
          wrong[#wrong + 1] = ("%s.%s"):format(module, name)
        end
      end
    end
    table.sort(wrong)
    assert.same({}, wrong)
  end)

  it("has every method of every class, and no other", function()
    local _, classes = documented()
    local wrong = {}
    local there = classes_at_run_time()
    for class in pairs(classes) do
      if not there[class] then wrong[#wrong + 1] = class .. " is documented, and not looked at here" end
    end
    for class, methods in pairs(there) do
      local names = classes[class] or {}
      for _, name in ipairs(names_of_functions(methods)) do
        if not names[name] then wrong[#wrong + 1] = ("%s:%s is not documented"):format(class, name) end
      end
      for name in pairs(names) do
        if type(methods[name]) ~= "function" then
          wrong[#wrong + 1] = ("%s:%s is documented, and not there"):format(class, name)
        end
      end
    end
    table.sort(wrong)
    assert.same({}, wrong)
  end)

  it("says of every class that it names what that is", function()
    local declared, missing = { ["bearssl.config"] = true }, {}
    for _, path in ipairs(files(made)) do
      for class in read(made .. "/" .. path):gmatch "%-%-%-@class ([%w_.]+)" do declared[class] = true end
    end
    for _, path in ipairs(files(made)) do
      for kind, rest in read(made .. "/" .. path):gmatch "\n%-%-%-@(%l+) ([^\n]+)" do
        local types = kind == "return" and rest:match "^%S+" or rest:match "^%S+ (%S+)" or ""
        for name in types:gmatch "bearssl%.[%w_.]+" do
          if kind ~= "class" and not declared[name] then missing[#missing + 1] = path .. ": " .. name end
        end
      end
    end
    assert.same({}, missing)
  end)

  it("is what docs/annotations says", function()
    assert.same(files(made), files "docs/annotations")
    for _, path in ipairs(files(made)) do
      assert.equal(read(made .. "/" .. path), read("docs/annotations/" .. path), path)
    end
  end)

  it("is Lua that editors can read", function()
    for _, path in ipairs(files "docs/annotations") do assert(loadfile("docs/annotations/" .. path, "t")) end
  end)
end)
