-- What LuaSec's callers hear of a peer's certificates, held against LuaSec: every chain of the test PKI that is to be
-- refused, with each way to ask.
local child = require "spec.support.child"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local top = io.popen "pwd":read "l"
local path = (os.getenv "PATH":gsub("[^:]*/build/%w+/bin:", ""))
local theirs = ("env -u LUA_PATH -u LUA_CPATH -u LUA_INIT PATH=%s LUA_PATH='%s/?.lua;;' lua5.4"):format(path, top)
local ours = "env " .. child .. " lua5.4 -lbearssl.luasec"

-- { [mode] = what the client said }
local function ask(command, port)
  local pipe = assert(io.popen(("%s %s/spec/support/luasec/verify.lua %d 2>&1"):format(command, top, port)))
  local results, last = {}, nil
  for line in pipe:lines() do
    local mode, said = line:match "^(.-)\t(.*)$"
    if mode then results[mode] = said else last = line end
  end
  assert(pipe:close(), last)
  return results
end

-- Where this library says something else, and why.
local REFUSED = "false, certificate verify failed"
local otherwise = {
  -- RFC 8446 section 4.4.2.2: a key that must not sign does not sign a handshake, whoever is to verify the chain
  key_usage = function() return REFUSED end,
  -- RSA of 1024 bits signs no handshake
  rsa1024 = function() return REFUSED end,
  -- LuaSec: two more things that are wrong with the same certificate
  not_ca = function(there)
    return (there:gsub(";unsuitable certificate purpose;key usage does not include certificate signing", ""))
  end,
  -- the expired certificate of the CA is named, too
  expired_ca = function(there)
    return (there:gsub("^(true, nil, false, %[2%]=unable.*)$", "%1;certificate has expired"))
  end,
  -- OpenSSL's word for the signature
  tampered = function(there) return (there:gsub("^false, EVP lib", REFUSED)) end,
}

local names = { "good" }
for name in pairs(pki.bad) do names[#names + 1] = name end
table.sort(names)

describe("what is said of a chain", function()
  for _, name in ipairs(names) do
    it("is what LuaSec says: " .. name, function()
      local pair = name == "good" and pki.server.p256 or pki.bad[name]
      local server <close> = peer.openssl_server(pair, "-tls1_3 -rev -cipher DEFAULT@SECLEVEL=0")
      local there, here = ask(theirs, server.port), ask(ours, server.port)
      for mode, said in pairs(there) do
        if otherwise[name] then said = otherwise[name](said) end
        assert.equal(mode .. ": " .. said, mode .. ": " .. tostring(here[mode]))
      end
    end)
  end
end)
