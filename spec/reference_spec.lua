-- The reference: every public name is documented, everything documented is there, and the annotations for editors in
-- docs/annotations say the same (`make annotations` makes them anew).
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
    certificate = core.certificate_methods,
    ocsp_response = core.ocsp_methods,
  }
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

  it("has every method of every class, and no other", function()
    local _, classes = documented()
    local wrong = {}
    for class, methods in pairs(classes_at_run_time()) do
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
