-- What LuaSec's methods say of certificates, with whichever `ssl` this process has: lua5.4 certificates.lua FILE...
-- One line for each method of each certificate of each file.
local env = require "spec.support.luasec.env"

local methods = {
  "subject", "issuer", "extensions", "notbefore", "notafter", "serial", "digest", "getsignaturename", "pubkey", "pem",
}

local function lines(pem, name)
  local cert = env.ssl.loadcertificate(pem)
  if not cert then return print(name .. ": none") end
  cert:setencode "utf8"
  for _, method in ipairs(methods) do
    print(("%s %s: %s"):format(name, method, env.run(function() return cert[method](cert) end)))
  end
  print(("%s sha512: %s, %s"):format(name, cert:digest "sha512", cert:validat(1767225600)))
end

-- PEM, and DER as PEM.
local function text_of(path)
  local text = env.pki.read(path)
  if text:find "%-%-%-%-%-BEGIN" then return text end
  local base64 = require "mime".b64(text):gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
  return ("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"):format(base64)
end

for _, path in ipairs(arg) do
  local number = 0
  for pem in text_of(path):gmatch "%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-.-%-%-%-%-%-END CERTIFICATE%-%-%-%-%-\n" do
    number = number + 1
    lines(pem, ("%s %d"):format(path, number))
  end
end
