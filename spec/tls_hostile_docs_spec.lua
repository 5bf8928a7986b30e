-- docs/rfc8446.md says what the specs of the hostile peer check.
local rules = require "spec.support.hostile.rules"

describe("docs/rfc8446.md", function()
  it("has the rows of the specs", function()
    local page = rules.page()
    assert.truthy(#rules.rows() > 400)
    assert.equal(rules.renewed(page), page) -- see spec/support/hostile/rules.lua
  end)

  it("quotes specs that are there", function()
    local count = 0
    for spec, quoted in rules.page():gmatch "| `(tls_hostile_[%w_]+)`: ([^\n]+) |\n" do
      local file <close> = assert(io.open(("spec/%s_spec.lua"):format(spec)))
      local text = file:read "a"
      for sentence in quoted:gmatch '"([^"]+)"' do
        assert.truthy(text:find(sentence, 1, true), sentence)
        count = count + 1
      end
    end
    assert.truthy(count >= 20)
  end)

  it("names the bounds of the engine", function()
    local function number(path, pattern)
      local file <close> = assert(io.open(path))
      return (file:read "a"):match(pattern)
    end
    assert.equal("32", number("csrc/tls/tls.h", "LT_TLS_IDLE_RECORDS_MAX = (%d+)"))
    assert.equal("18", number("csrc/tls/tls.h", "LT_TLS_HANDSHAKE_BYTES_MAX = 1 << (%d+)"))
    assert.equal("17", number("csrc/wire/handshake.h", "LT_HANDSHAKE_MESSAGE_MAX = 1 << (%d+)"))
    assert.equal("64", number("csrc/wire/extensions.h", "LT_EXTENSIONS_MAX = (%d+)"))
    assert.equal("16", number("csrc/x509/verify.h", "LT_CHAIN_MAX = (%d+)"))
    assert.equal("17", number("csrc/tls/early_data.c", "SKIP_MAX = 1 << (%d+)"))
  end)
end)
