-- LuaSocket's socket.smtp, Debian's, over TLS by a `create` function: a mail goes from either library to either.
local foreign = require "spec.support.foreign"
local pki = require "spec.support.pki"

local script = ("lua5.4 %s/spec/support/foreign_smtp.lua "):format(foreign.top)

-- What the client printed, and what the server was told.
local function deliver(from, to, cafile)
  local pair = pki.server.p256
  local server <close> = foreign.start(to, script .. ("server %s %s"):format(pair.certificate, pair.key),
    { input = "", modules = foreign.top })
  local port = server:wait_for "port (%d+)"
  local out = foreign.run(from, script .. ("client %s %s"):format(port, cafile), { modules = foreign.top })
  assert.truthy(out:find("library: " .. from, 1, true), out)
  local _, told = server:finish()
  return out, told
end

-- Headers come in any order.
local function sorted(text)
  local lines = {}
  for line in text:gmatch "C: ([^\n]*)" do lines[#lines + 1] = line end
  table.sort(lines)
  return lines
end

describe("socket.smtp", function()
  local first

  for _, from in ipairs(foreign.sides) do
    for _, to in ipairs(foreign.sides) do
      it(("delivers a mail from %s to %s"):format(from, to), function()
        local out, told = deliver(from, to, pki.root.p256)
        assert.truthy(told:find "C: RCPT TO:<they@b.example>.*C: a line\nC: %.%.\n.*C: QUIT", told)
        assert.truthy(out:find "^1\n", out)
        first = first or sorted(told)
        assert.same(first, sorted(told))
      end)
    end
  end

  it("tells a stranger nothing", function()
    local out, told = deliver("bearssl", "LuaSec", pki.stranger)
    assert.truthy(out:find("nil\tcertificate verify failed", 1, true), out)
    assert.falsy(told:find("C: ", 1, true), told)
  end)
end)
