-- Records of TLS 1.3, sealed and opened by csrc/tls/record.c: where the padding ends (RFC 8446 section 5.4).
local unit = require "bearssl.unit"

local SUITE, SECRET, DATA = "TLS_AES_128_GCM_SHA256", ("s"):rep(32), 23

describe("a record of TLS 1.3", function()
  it("is opened without its padding, however long that is and whatever stands before it", function()
    for _, text in ipairs { "", "\0", "\1", ("\0"):rep(40), "a\0b\0\0", ("a"):rep(31), ("\128\0"):rep(33) } do
      for padding = 0, 100 do
        local record = unit.record_seal(SUITE, SECRET, 0, DATA, text, padding)
        assert.same({ DATA, text }, { unit.record_open(SUITE, SECRET, 0, record) })
      end
    end
  end)

  it("is opened without its padding where it is large, wherever the end is", function()
    for _, size in ipairs { 767, 768, 769, 863, 864, 865, 4000, 16384 } do
      for length = 0, size, size // 97 do
        for _, near in ipairs { 0, 95 - length % 96, 96 - length % 96 } do
          local text = ("\1\0\0"):rep(size // 3 + 1):sub(1, math.min(length + near, size))
          local record = unit.record_seal(SUITE, SECRET, 0, DATA, text, size - #text)
          local type, found = unit.record_open(SUITE, SECRET, 0, record)
          assert.truthy(type == DATA and found == text, ("%d of %d"):format(#text, size))
        end
      end
    end
  end)

  it("has its type in any byte, and any type in it", function()
    for length = 0, 70 do
      for _, type in ipairs { 1, 22, 128, 255 } do
        local record = unit.record_seal(SUITE, SECRET, 7, type, ("\0"):rep(length), 70 - length)
        assert.same({ type, ("\0"):rep(length) }, { unit.record_open(SUITE, SECRET, 7, record) })
      end
    end
  end)

  it("that is padding alone is none", function()
    for length = 0, 70 do
      local record = unit.record_seal(SUITE, SECRET, 0, 0, ("\0"):rep(length))
      assert.same({ nil, "unexpected" }, { unit.record_open(SUITE, SECRET, 0, record) })
    end
  end)

  it("may be padded up to 2^14 + 1 bytes", function()
    local record = unit.record_seal(SUITE, SECRET, 0, DATA, "x", 2 ^ 14 - 1 | 0)
    assert.same({ DATA, "x" }, { unit.record_open(SUITE, SECRET, 0, record) })
    record = unit.record_seal(SUITE, SECRET, 0, DATA, "x", 2 ^ 14 | 0)
    assert.same({ nil, "record_overflow" }, { unit.record_open(SUITE, SECRET, 0, record) })
  end)
end)
