-- bench/run, small: that every section runs and prints its table. What it measures is not looked at.
local child = require "spec.support.child"

local metrics = { -- name up to its stack, metric and unit
  handshake = { "client_cpu us", "server_cpu us" }, bulk = { "client_cpu s/GiB" },
  cold = { "wall ms", "cpu ms", "peak_rss KiB" }, oneshot = { "wall ms", "cpu ms", "peak_rss KiB" },
  idle = { "resident bytes", "private bytes" }, certificates = { "parsed 1/s", "read 1/s" },
  crl = { "wall ms", "cpu ms", "peak_rss KiB" },
}
local beside = { crl = "openssl " } -- LuaSec, where nothing else is said

describe("bench/run", function()
  for section, wanted in pairs(metrics) do
    it("prints the rows of " .. section .. ", ours and those of who stands beside us", function()
      local line = "%s ASAN_OPTIONS=detect_leaks=0 QUICK=1 LUA=lua5.4 bench/run %s 2>/dev/null; echo \"status $?\""
      local pipe <close> = assert(io.popen(line:format(child, section)))
      local found = {}
      for row in pipe:lines() do
        if row:find "^status" then
          assert.equal("status 0", row)
          break
        end
        local name, stack, metric, median, unit, low, high, n =
          row:match "^(%w+)/(%w+)[^\t]*\t([%w_]+)\t([%d.e+-]+)\t(%S+)\t([%d.e+-]+)\t([%d.e+-]+)\t(%d+)$"
        assert.equal(section, name, row)
        assert.truthy(tonumber(low) <= tonumber(median) and tonumber(median) <= tonumber(high), row)
        assert.truthy(tonumber(n) >= 1, row)
        found[("%s %s %s"):format(stack, metric, unit)] = true
      end
      for _, metric in ipairs(wanted) do
        assert.truthy(found["bearssl " .. metric], metric)
        assert.truthy(found[(beside[section] or "luasec ") .. metric], metric)
      end
    end)
  end

  it("names a section that it does not know", function()
    local pipe <close> = assert(io.popen(child .. " bench/run speed 2>&1"))
    assert.truthy(pipe:read("a"):find("no section 'speed'", 1, true))
  end)
end)
