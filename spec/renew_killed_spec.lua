-- Runs of bearssl renew that end at each call of the disk, as by SIGKILL, and disks that are full at each: FILE is
-- whole all the time, the next run goes on, and what --after does is done for the certificate that is in use.
local command = require "spec.support.command"
local disk = require "spec.support.disk"
local keys = require "bearssl.key"
local pebble = require "spec.support.pebble"
local peer = require "spec.support.peer"
local shell = require "spec.support.shell"
local x509 = require "bearssl.x509"

local STEPS = 60 -- more than any run has

describe("bearssl renew", function()
  local dir, home, server, port

  setup(function()
    port = peer.free_port()
    server = pebble.start { http_port = port, environment = "PEBBLE_WFE_NONCEREJECT=20 PEBBLE_AUTHZREUSE=100" }
  end)
  teardown(function() server.stop() end)
  before_each(function()
    home = shell "mktemp -d":match "%C+"
    dir = home .. "/live"
    shell(("mkdir %s"):format(dir))
    local hook <close> = assert(io.open(home .. "/hook", "w"))
    hook:write(("#!/bin/sh\nsha256sum \"$1\" | cut -c1-64 >>%s/hooked\n"):format(home))
    hook:close()
    shell(("chmod 755 %s/hook"):format(home))
  end)
  after_each(function() shell("rm -r " .. home) end)

  local function renew(faults, ...)
    local args = { "renew", "r.pem", "r.example", "--directory", server.directory, "--ca", server.trust, "--http", port,
      "--bind", "127.0.0.1", "--agree", "--after", home .. "/hook", ..., dir = dir }
    if faults then
      faults.below = dir
      args.env = disk(faults)
    end
    return command(args)
  end

  -- Fingerprint of FILE, which is whole; nil: there is none.
  local function file_now()
    local list = x509.load(dir .. "/r.pem")
    if not list then return nil, assert.equal("", shell(("ls %s | grep -x r.pem"):format(dir))) end
    assert(assert(keys.load(dir .. "/r.pem")):matches(list[1]))
    assert.equal("600", shell(("stat -c %%a %s/r.pem"):format(dir)):match "%d+")
    return shell(("sha256sum %s/r.pem | cut -c1-64"):format(dir))
  end

  local function last_hooked()
    return shell(("tail -n 1 %s/hooked"):format(home))
  end

  -- Whatever is left can be read by nobody else, and is no order under way.
  local function is_tidy()
    assert.equal("", shell(("find %s -type f -perm /077"):format(dir)))
    assert.equal("", shell(("ls %s | grep -xE 'r.pem.(state|new.key)'"):format(dir)))
  end

  local function each_step(what, before, after, ...)
    for n = 1, STEPS do
      before()
      local log = home .. "/calls"
      os.remove(log)
      local status, _, err = renew({ [what] = n, log = log }, ...)
      local file <close> = assert(io.open(log))
      if file:read "n" < n then
        assert.equal(0, status, err)
        return n - 1
      end
      after(status, err)
    end
    error "steps without end"
  end

  it("that is killed at any step from an empty folder on is ended by the next run", function()
    local steps = each_step("kill", function() shell(("rm -rf %s/* %s/hooked"):format(dir, home)) end, function(status)
      assert.equal(137, status)
      file_now()
      local again, _, err = renew()
      assert.equal(0, again, err)
      assert.equal(assert(file_now()), last_hooked())
      is_tidy()
    end)
    assert.is_true(steps >= 20)
  end)

  it("that is killed at any step of a renewal leaves the old one, or the new one", function()
    assert.equal(0, (renew()))
    local old, seen_old, seen_new
    each_step("kill", function() old = file_now() end, function(status)
      assert.equal(137, status)
      if assert(file_now()) == old then seen_old = true else seen_new = true end
      assert.equal(0, (renew()))
      assert.equal(file_now(), last_hooked())
      assert.equal(0, (renew(nil, "--force")))
      assert.equal(file_now(), last_hooked())
      is_tidy()
    end, "--force")
    assert.is_true(seen_old and seen_new)
  end)

  it("on a disk that is full keeps FILE, says so, and is ended by the next run", function()
    for _, way in ipairs { "empty", "renewal" } do
      shell(("rm -rf %s/* %s/hooked"):format(dir, home))
      local old, force
      if way == "renewal" then
        force = "--force"
        assert.equal(0, (renew()))
      end
      each_step("fail", function()
        if way == "empty" then shell(("rm -rf %s/*"):format(dir)) end
        old = file_now()
      end, function(status, err)
        if status ~= 0 then
          assert.equal(6, status)
          assert.matches("No space left on device", err)
          assert.equal(old, (file_now()))
        end
        assert.equal(0, (renew(nil, force)))
        assert.equal(assert(file_now()), last_hooked())
        if status ~= 0 then is_tidy() end
      end, force)
    end
  end)

  it("where files may be of no size (RLIMIT_FSIZE), or the file system has no link(2)", function()
    local line = command.line { "renew", "r.pem", "r.example", "--directory", server.directory, "--ca", server.trust,
      "--http", port, "--bind", "127.0.0.1", "--agree", dir = dir }
    local out = shell("ulimit -f 0; " .. line)
    assert.matches("file_write: .*File too large", out)
    assert.equal("r.pem.lock\n", shell("ls " .. dir))
    assert.equal(0, (renew { no_link = true }))
    assert(file_now())
    is_tidy()
    assert.equal("", shell(("find %s -size 0 ! -name '*.lock'"):format(dir)))
  end)
end)
