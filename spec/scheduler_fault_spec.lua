-- Our loop with each allocation of C failing in turn; run by `make fault`.
local ends = require "spec.support.ends"
local fault = require "spec.support.fault"
local scheduler = require "bearssl.scheduler"

describe("without memory", function()
  it("a wait says so, and the loop goes on", function()
    local near, far = ends.tcp()
    local fd = math.tointeger(near:getfd())
    assert.truthy(fault.each(function()
      local loop, ok, err = scheduler.loop(), nil, nil
      for _ = 1, 20 do -- more than there is room for at first
        loop:spawn(function()
          local value, why = scheduler.current().wait(fd, "w")
          if not value then err = why end
          ok = ok or value
        end)
      end
      loop:run()
      assert.same({ {}, {} }, { loop.polled, loop.waiting })
      return not err and ok or nil, err
    end) >= 2)
    near:close()
    far:close()
  end)
end)
