-- Runs of bearssl mkcert that end at each step of theirs, and disks that are full at each: certificate and key in use
-- belong together all the time, and the next run goes on.
local bearssl = require "bearssl"
local command = require "spec.support.command"
local core = require "bearssl.core"
local disk = require "spec.support.disk"
local keys = require "bearssl.key"
local mkcert = require "bearssl.mkcert"
local shell = require "spec.support.shell"
local x509 = require "bearssl.x509"

local STEPS = 60 -- more than any run has

local dir

local function run(args, faults)
  args.dir = dir
  if faults then
    faults.below = dir
    args.env = disk(faults)
  end
  return command(args)
end

local function made(...)
  local status, out, err = run { "mkcert", ... }
  assert.equal(0, status, out .. err)
  return out
end

-- Their key and certificate are one pair, or there are none.
local function is_whole(base)
  local certificate = x509.load(base .. ".pem")
  local key = keys.load(base .. ".key")
  if not certificate and not key then return false end
  return assert(key, "a certificate alone"):matches(assert(certificate, "a key alone")[1])
end

local function names(path)
  return (shell(("cd %s && ls -A"):format(path)):gsub("%s+", " "))
end

-- Calls of the disk that may leave a file which the next run has no use for: key or certificate, not yet in place.
local function tidy(listing)
  return (listing:gsub("%S+%.pem%.%w%w%w%w%w%w ", ""):gsub("%S+%.new%.%w%w%w%w%w%w ", ""))
end

before_each(function() dir = shell "mktemp -d":match "%C+" end)
after_each(function() shell("rm -r " .. dir) end)

-- Runs `args` with the nth call failing, for each n until it does not reach it; before(n) makes the folder ready, and
-- after(n, status) looks at it.
local function each_step(args, what, before, after)
  for n = 1, STEPS do
    before(n)
    local log = dir .. "/calls"
    local status, _, err = run(table.move(args, 1, #args, 1, {}), { [what] = n, log = log })
    local file <close> = assert(io.open(log))
    local calls = file:read "n"
    if calls < n then
      assert.equal(0, status)
      return n - 1
    end
    after(n, status, err)
  end
  error "steps without end"
end

describe("bearssl mkcert ca", function()
  local function fresh() shell(("rm -rf %s/*"):format(dir)) end

  it("that is killed at any step is made by the next run, or was made", function()
    local steps = each_step({ "mkcert", "ca" }, "kill", fresh, function(_, status)
      assert.equal(137, status)
      local again = run { "mkcert", "ca" }
      assert.is_true(again == 0 or again == 6)
      made("server", "a.example")
      assert.is_true(is_whole(dir .. "/ca/ca"))
      assert.equal("ca.key ca.lock ca.pem ", tidy(names(dir .. "/ca")))
    end)
    assert.is_true(steps >= 9)
  end)

  it("replaces one when told to, and is whole wherever it is killed", function()
    fresh()
    made("ca", "--name", "First")
    made("server", "a.example")
    made("revoke", "a.example.pem")
    made "crl"
    shell(("cp -a %s/ca %s/kept"):format(dir, dir))
    local function restored() shell(("cd %s && rm -rf ca && cp -a kept ca"):format(dir)) end
    local seen = {}
    each_step({ "mkcert", "ca", "--name", "Second", "--replace" }, "kill", restored, function(_, status)
      assert.equal(137, status)
      local authority = assert(mkcert.open(dir .. "/ca"))
      local name = tostring(authority.certificate.subject)
      seen[name] = true
      assert.is_true(is_whole(dir .. "/ca/ca"))
      if name == "CN=First" then assert.truthy(next(authority.revoked)) end -- what is in use remembers
      authority.lock:close()
      made("ca", "--name", "Second", "--replace")
      authority = assert(mkcert.open(dir .. "/ca"))
      assert.equal("CN=Second", tostring(authority.certificate.subject))
      assert.is_nil(next(authority.revoked))
      assert.equal(1, authority.crl_number)
      authority.lock:close()
    end)
    assert.same({ ["CN=First"] = true, ["CN=Second"] = true }, seen)
  end)

  it("tells what to do with a key that has no certificate", function()
    fresh()
    made "ca"
    os.remove(dir .. "/ca/ca.pem")
    local status, _, err = run { "mkcert", "server", "a.example" }
    assert.equal(6, status)
    assert.matches("there is a key without it: .*replace", err)
    made("ca", "--replace")
    made("server", "a.example")
  end)
end)

describe("bearssl mkcert server --replace", function()
  local function paired()
    return { certificate = dir .. "/a.example.pem", key = dir .. "/a.example.key" }
  end

  it("that is killed at any step leaves a pair that serves, at the latest when it is run again", function()
    made "ca"
    made("server", "a.example")
    shell(("cd %s && mkdir kept && mv a.example.* kept"):format(dir))
    local function restored() shell(("cd %s && rm -f a.example.* && cp -a kept/* ."):format(dir)) end
    local halves = 0
    each_step({ "mkcert", "server", "a.example", "--replace" }, "kill", restored, function(_, status)
      assert.equal(137, status)
      if not is_whole(dir .. "/a.example") then halves = halves + 1 end
      assert.equal(6, (run { "mkcert", "server", "a.example" })) -- there already; and what was begun is ended
      assert(bearssl.server(paired()))
      made("server", "a.example", "--replace")
      assert(bearssl.server(paired()))
      assert.equal("a.example.key a.example.pem ca calls kept ", tidy(names(dir)))
    end)
    assert.is_true(halves <= 3) -- between two calls next to each other
  end)

  it("on a disk that is full leaves the pair as it was, but for the last call", function()
    made "ca"
    made("server", "a.example")
    local before = shell(("cd %s && sha256sum a.example.*"):format(dir))
    each_step({ "mkcert", "server", "a.example", "--replace" }, "fail", function() end, function(_, status, err)
      if status ~= 0 then
        assert.equal(6, status)
        assert.matches("No space left on device", err)
        if err:find "its key waits" then
          assert.equal(6, (run { "mkcert", "server", "a.example" }))
        else
          assert.equal(before, shell(("cd %s && sha256sum a.example.*"):format(dir)))
        end
      end
      assert(bearssl.server(paired()))
      before = shell(("cd %s && sha256sum a.example.*"):format(dir))
    end)
  end)
end)

it("a request killed between its files is ended by the next run", function()
  made("request", "b.example", "-o", "b")
  local own = assert(keys.load(dir .. "/b.key")).pin
  assert(os.rename(dir .. "/b.key", dir .. "/b.key.new"))
  assert.equal(6, (run { "mkcert", "request", "b.example", "-o", "b" }))
  assert.equal(own, assert(keys.load(dir .. "/b.key")).pin)
end)

describe("mkcert.open", function()
  it("that fails holds the folder no longer", function()
    made "ca"
    for _, name in ipairs { "ca.json", "ca.key" } do
      local path = dir .. "/ca/" .. name
      local text = name == "ca.key" and io.open(path):read "a"
      local file <close> = assert(io.open(path, "w"))
      file:write "{"
      file:close()
      collectgarbage "stop"
      assert.is_nil((mkcert.open(dir .. "/ca")))
      local lock, err = core.lock_file(dir .. "/ca/ca.lock")
      collectgarbage "restart"
      assert(lock, err):close()
      os.remove(path)
      if text then
        local back <close> = assert(io.open(path, "w"))
        back:write(text)
      end
    end
    collectgarbage "stop"
    assert.is_nil((mkcert.create(dir .. "/ca", { name = "Again" })))
    assert.has_error(function() mkcert.create(dir .. "/ca", { days = "x" }) end)
    assert(core.lock_file(dir .. "/ca/ca.lock")):close()
    collectgarbage "restart"
  end)
end)

describe("where the file system has no link(2)", function()
  it("no file is replaced, all the same", function()
    local _, _, err = run({ "mkcert", "ca" }, { no_link = true })
    assert.equal("", err)
    assert.is_true(is_whole(dir .. "/ca/ca"))
    local before = shell(("cd %s/ca && sha256sum *"):format(dir))
    assert.equal(6, (run({ "mkcert", "ca" }, { no_link = true })))
    assert.equal(before, shell(("cd %s/ca && sha256sum *"):format(dir)))
    assert.equal("ca.key ca.lock ca.pem ", names(dir .. "/ca"))
  end)
end)

it("a device, a FIFO, or a link to one, is not replaced", function()
  made "ca"
  shell(("cd %s && mkfifo fifo && ln -s fifo link && ln -s /dev/null null"):format(dir))
  for _, name in ipairs { "fifo", "link", "null" } do
    local status, _, err = run { "mkcert", "crl", "--out", name }
    assert.equal(6, status)
    assert.matches("no regular file", err)
    assert.equal(name == "fifo" and "other" or "link", (core.file_kind(dir .. "/" .. name)))
  end
end)
