-- bench/run, small: that every section runs and prints its table. What it measures is not looked at.
local child = require "spec.support.child"

local process = { "wall ms", "cpu ms", "peak_rss KiB" }
local both = { "client_cpu us", "server_cpu us" }
local memory = { "resident bytes", "private bytes" }

local certificates = { "parsed 1/s", "read 1/s" }
local trust = { "first ms", "again ms", "private KiB", "config KiB" }
local validate = { "again 1/s", "first 1/s" }
local fresh = { "again 1/s", "fresh 1/s", "first 1/s" }
local bulk = { "client_cpu s/GiB" }
local pingpong = { "rate 1/s", "client_cpu us" }

local wanted = { -- rows and their metrics, with units
  ["cold/bearssl"] = process, ["cold/luasec"] = process, ["cold/bearssl/https"] = process,
  ["cold/luasec/https"] = process, ["cold/bearssl/config"] = process, ["cold/luasec/config"] = process,
  ["oneshot/bearssl/bundle"] = process, ["oneshot/luasec/bundle"] = process, ["oneshot/curl/bundle"] = process,
  ["oneshot/python/roots"] = process, ["cold/bearssl/empty"] = process, ["cold/luasec/empty"] = process,
  ["trust/bearssl"] = trust, ["trust/luasec"] = trust,
  ["certificates/bearssl"] = certificates, ["certificates/luasec"] = certificates,
  ["certificates/luaossl"] = certificates,
  ["crl/bearssl"] = { "load ms", "look_up us", "memory KiB" },
  ["crl/bearssl-process"] = process, ["crl/openssl-process"] = process,
  ["validate/bearssl/p256"] = fresh, ["validate/bearssl/rsa2048"] = fresh,
  ["validate/luaossl/p256"] = fresh, ["validate/luaossl/rsa2048"] = fresh,
  ["validate/luasec/p256"] = validate, ["validate/luasec/rsa2048"] = validate,
  ["validate/openssl/p256"] = fresh, ["validate/openssl/rsa2048"] = fresh,
  ["validate/openssl-process"] = process,
  ["handshake/bearssl/p256/0rtt/1.3"] = both, ["handshake/bearssl/p256/known/1.3"] = { "client_cpu us" },
  ["handshake/libssl/p256/full/1.3"] = { "client_cpu us" }, ["handshake/libssl/p256/resumed/1.3"] = { "client_cpu us" },
  ["handshake/libssl/p256/resumed/1.2"] = { "client_cpu us" },
  ["handshake/plain/tcp"] = both, ["handshake/plain/flights"] = both,
  ["bulk/plain/tcp/receive/16k"] = bulk, ["pingpong/plain/64"] = pingpong,
  ["idle/plain/client"] = memory,
  ["idle/bearssl/client/many/1.3"] = memory, ["idle/bearssl/server/many/1.3"] = memory,
  ["syscalls/plain/send"] = { "client_send calls", "client_receive calls", "client_wait calls", "client_other calls" },
}
for _, at in ipairs { "bearssl/%s/1.3", "luasec/%s/1.3", "bearssl/%s/1.2", "bearssl-bear/%s/1.2", "luasec/%s/1.2" } do
  local function want(what, variant, metrics) wanted[what .. "/" .. at:format(variant)] = metrics end
  want("handshake", "p256/full", both)
  want("handshake", "rsa2048/full", both)
  want("handshake", "p256/resumed", at:find "^luasec" and { "server_cpu us" } or both)
  for _, cipher in ipairs { "aes128gcm", "chacha20" } do
    want("bulk", cipher .. "/receive/64k", bulk)
    want("bulk", cipher .. "/send/64k", bulk)
  end
  want("pingpong", "64", pingpong)
  want("idle", "client", memory)
  want("idle", "server", memory)
end

for stack, names in pairs {
  bearssl = "x25519-agree p256-generate p256-sign p384-verify p521-verify ed25519-sign rsa4096-public aes128gcm-64",
  ["bearssl-none"] = "x25519-agree p256-verify ed25519-verify rsa2048-private chacha20poly1305-16k sha384-16k",
  openssl = "x25519-generate p256-agree p521-verify ed25519-verify rsa2048-private rsa3072-public sha256-64",
  libsodium = "x25519-agree ed25519-sign ed25519-verify chacha20poly1305-16k sha256-16k",
} do
  for name in names:gmatch "%S+" do wanted["primitive/" .. stack .. "/" .. name] = { "cpu us" } end
end

describe("bench/run", function()
  local found, status = {}, nil

  lazy_setup(function()
    local pipe <close> = assert(io.popen(child .. " QUICK=1 bench/run 2>/dev/null; echo \"status $?\""))
    for row in pipe:lines() do
      status = row:match "^status (%d+)$"
      if not status and row:sub(1, 1) ~= "#" then
        local name, metric, median, unit, low, high, n =
          row:match "^([^\t]+)\t([%w_]+)\t([%d.e+-]+)\t(%S+)\t([%d.e+-]+)\t([%d.e+-]+)\t(%d+)$"
        assert(name, row)
        found[("%s %s %s"):format(name, metric, unit)] = row
        assert(tonumber(low) <= tonumber(median) and tonumber(median) <= tonumber(high) and tonumber(n) >= 1, row)
      end
    end
  end)

  it("ends well", function() assert.equal("0", status) end)

  it("has a row for all that bench/goals.lua compares", function()
    for _, goals in pairs(dofile "bench/goals.lua") do
      for _, goal in ipairs(goals) do
        for _, side in ipairs { goal.ours, goal.other } do
          for key in (side .. " - "):gmatch "(.-) %- " do
            local row = key:gsub("/16k/", "/64k/") -- a quick run has no calls of 16 KiB
            if key:find "^bulk/plain" then row = key end
            local rest = {}
            for name in pairs(found) do rest[name:match "^%S+ %S+"] = true end
            assert.truthy(rest[row], key)
          end
        end
      end
    end
  end)

  for name, metrics in pairs(wanted) do
    it("prints " .. name, function()
      for _, metric in ipairs(metrics) do assert.truthy(found[name .. " " .. metric], metric) end
    end)
  end

  it("names a section that it does not know", function()
    local pipe <close> = assert(io.popen(child .. " bench/run speed 2>&1"))
    assert.truthy(pipe:read("a"):find("no section 'speed'", 1, true))
  end)
end)
