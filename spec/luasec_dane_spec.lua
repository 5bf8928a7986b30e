-- DANE by LuaSec's names (RFC 6698, RFC 7671), held against LuaSec: OpenSSL's verdicts.
local child = require "spec.support.child"
require "spec.support.pki" -- made here: the process of LuaSec has no mkcert

local top = io.popen "pwd":read "l"
local path = (os.getenv "PATH":gsub("[^:]*/build/%w+/bin:", ""))
local theirs = ("env -u LUA_PATH -u LUA_CPATH -u LUA_INIT PATH=%s LUA_PATH='%s/?.lua;;' lua5.4"):format(path, top)

local function lines(command)
  local pipe = assert(io.popen(("%s %s/spec/support/luasec/dane.lua 2>&1"):format(command, top)))
  local order, results = {}, {}
  for line in pipe:lines() do
    local what, outcome = line:match "^(.*): (.-)$"
    order[#order + 1] = what or line
    results[what or line] = outcome
  end
  assert(pipe:close(), order[#order])
  return results, order
end

-- OpenSSL takes a bare key as an anchor, too (RFC 7671 section 5.2.2); here a certificate with it must have been sent.
local otherwise = {
  ["2 1 0 root, with anchors"] = true, ["2 1 0 root, without anchors"] = true,
}

describe("DANE by LuaSec's names", function()
  local there, order = lines(theirs)
  local here = lines("env " .. child .. " lua5.4 -lbearssl.luasec")

  it("is tried in every way", function() assert.equal(4 * 2 * 3 * 4 * 2 + 8, #order) end)
  for _, what in ipairs(order) do
    it(("gives %s for %s"):format(there[what], what), function()
      if otherwise[what] then
        assert.equal("certificate verify failed", here[what])
      else
        local reason = there[what]:gsub("^EVP lib$", "certificate verify failed") -- OpenSSL's word for a bad signature
        assert.equal(reason, here[what])
      end
    end)
  end
end)
