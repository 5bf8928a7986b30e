-- bearssl doctor and bearssl.doctor, against the machine that it runs on and a server.
local command = require "spec.support.command"
local doctor = require "bearssl.doctor"
local json = require "dkjson"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local pair, roots = pki.server.p256, pki.roots

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

local function check_of(report, name)
  for _, each in ipairs(report.checks) do
    if each.name == name then return each end
  end
  error("no check of the name " .. name)
end

describe("bearssl doctor", function()
  it("looks at this machine", function()
    local status, out, err = command { "doctor" }
    assert.equal("", err)
    assert.truthy(status == 0 or status == 1)
    for _, name in ipairs { "bearssl", "LuaSocket", "libraries", "accelerations", "first suite", "trust store", "clock",
      "entropy", "environment", "engine" } do
      has(out, name)
    end
    has(out, require "bearssl.version")
    has(out, "native: TLS 1.3 is among its versions")
    for line in out:gmatch "[^\n]+" do assert.truthy(#line <= 80, line) end
  end)

  it("gives JSON", function()
    local _, out = command { "doctor", "--json" }
    local value = assert(json.decode(out))
    assert.equal("bearssl.doctor", value.schema)
    assert.equal("native", value.engine.name)
    assert.truthy(value.trust.count > 0)
  end)

  it("tells of accelerations that are held back", function()
    local status, out = command { "doctor", env = "BEARSSL_ACCEL=none" }
    assert.equal(1, status)
    has(out, "none: the portable code is used; BEARSSL_ACCEL=none")
    local _, some = command { "doctor", "--json", env = "BEARSSL_ACCEL=int128" }
    assert.same({ "int128" }, json.decode(some).accelerations)
  end)

  it("tells of a trust store that is not there, empty, or old", function()
    local status, out = command { "doctor", env = "SSL_CERT_FILE=/nosuch" }
    assert.equal(1, status)
    has(out, "error    trust store")
    local path = os.tmpname()
    os.execute(("cp %s %s; touch -d 2020-01-01 %s"):format(roots, path, path))
    status, out = command { "doctor", env = "SSL_CERT_FILE=" .. path }
    assert.equal(1, status)
    has(out, ("warning  trust store    %d certificates in"):format(#pki.native_kinds))
    has(out, "2020-01-01")
    os.remove(path)
  end)

  it("tells which engine a config gets, and why", function()
    has(select(2, command { "doctor", "--max-version", "1.2" }), "bear: its versions stop at 1.2")
    has(select(2, command { "doctor", "--cipher-suites", "TLS_RSA_WITH_AES_128_GCM_SHA256" }),
      "bear: its cipher suites are of TLS 1.2 or older")
  end)

  it("asks a server what it gets, and what time it is there", function()
    local nginx <close> = peer.nginx(pair, nil, "TLSv1.2 TLSv1.3")
    local target = "localhost:" .. nginx.port
    local _, out = command { "doctor", target, "--ca", roots }
    has(out:gsub("%s+", " "), "localhost: TLSv1.3, TLS_AES_128_GCM_SHA256, x25519, by the engine native")
    assert.truthy(out:find "its clock      %d seconds from ours", out)
    _, out = command { "doctor", target, "--ca", roots, "--max-version", "1.2" }
    has(out:gsub("%s+", " "), "by the engine bear")
    local status, refused = command { "doctor", "localhost:1", "--json" }
    assert.equal(3, status)
    assert.equal("refused", json.decode(refused).error.code)
    assert.equal(5, (command { "doctor", target }))
  end)
end)

describe("doctor.examine", function()
  it("calls a clock wrong that is before the files of this machine", function()
    local report = doctor.examine { time = 1000000000 }
    assert.equal("error", check_of(report, "clock").status)
    assert.equal("ok", check_of(doctor.examine(), "clock").status)
  end)

  it("shows no password of a proxy", function()
    local line = command.line { "doctor", env = "https_proxy=http://me:secret@proxy.example:1/" }
    local pipe <close> = io.popen(line)
    local out = pipe:read "a"
    has(out, "proxy.example")
    assert.is_nil(out:find "secret")
  end)

  it("raises for what is no option", function()
    assert.error_matches(function() doctor.examine { tim = 1 } end, "did you mean 'time'")
  end)
end)
