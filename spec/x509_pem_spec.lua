-- Certificates from text and files: PEM blocks (RFC 7468) with whatever stands around them, DER, and what is neither.
local x509 = require "bearssl.x509"
local der = require "spec.support.der"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local a, b = read "spec/vectors/x509/p384.pem", read "spec/vectors/x509/ed25519.pem"
local der_a, der_b = x509.parse(a)[1]:der(), x509.parse(b)[1]:der()

local function ders(list, err)
  assert(list, err)
  local out = {}
  for i, certificate in ipairs(list) do out[i] = certificate:der() end
  return out
end

local function with_file(content, act)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
  act(path)
  os.remove(path)
end

local body = a:match "%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-\n(.-)%-%-%-%-%-END"
local function block(content, begins, ends)
  return (begins or "-----BEGIN CERTIFICATE-----\n") .. content .. (ends or "-----END CERTIFICATE-----\n")
end

describe("x509.parse", function()
  for _, case in ipairs {
    { "one block", a, { der_a } },
    { "two blocks", a .. b, { der_a, der_b } },
    { "lines that end in CRLF", (a .. b):gsub("\n", "\r\n"), { der_a, der_b } },
    { "lines that end in CR", (a .. b):gsub("\n", "\r"), { der_a, der_b } },
    { "no final newline", a:sub(1, -2), { der_a } },
    { "text around the blocks", "Subject: CN=x\n\n" .. a .. "\nmore: text -----\n" .. b .. "end", { der_a, der_b } },
    { "white space around lines", "  " .. a:gsub("\n", "  \n\t "), { der_a } },
    { "the byte order mark of Windows", "\xef\xbb\xbf" .. a, { der_a } },
    { "base64 in one line", block(body:gsub("\n", "") .. "\n"), { der_a } },
    { "base64 in lines of 3", block(body:gsub("\n", ""):gsub("...", "%0\n") .. "\n"), { der_a } },
    { "empty lines", a:gsub("\n", "\n\n"), { der_a } },
    { "the label X509 CERTIFICATE", a:gsub("CERTIFICATE", "X509 CERTIFICATE"), { der_a } },
    { "headers (RFC 1421)", block("X-Note: a:b\n continued\nY: z\n\n" .. body), { der_a } },
    { "other blocks between", der.pem("abc", "PRIVATE KEY") .. a .. der.pem("abc", "X509 CRL") .. b, { der_a, der_b } },
    { "dashes and NUL bytes around", "-----\n\0\0\n" .. a .. "\0", { der_a } },
    { "DER", der_a, { der_a } },
    { "DER end to end", der_a .. der_b, { der_a, der_b } },
  } do
    it("reads " .. case[1], function()
      assert.same(case[3], ders(x509.parse(case[2])))
      with_file(case[2], function(path) assert.same(case[3], ders(x509.load(path))) end)
    end)
  end

  for _, case in ipairs {
    { "nothing", "", "no_certificates" },
    { "no block", "hello\n", "no_certificates" },
    { "nothing but the ends of lines", ("\r"):rep(4 << 20), "no_certificates" }, -- hours, if each looks for a LF
    { "a block of another kind", der.pem("abc", "PRIVATE KEY"), "no_certificates", "PRIVATE KEY" },
    { "a trusted certificate of OpenSSL's", a:gsub("CERTIFICATE", "TRUSTED CERTIFICATE"), "no_certificates",
      "TRUSTED CERTIFICATE" },
    { "no END line", block(body, nil, ""), "pem", "no END line for BEGIN CERTIFICATE" },
    { "a BEGIN line before the END line", block(body, nil, "") .. a, "pem", "no END line" },
    { "an END line of another label", block(body, nil, "-----END X-----\n"), "pem", "no END line" },
    { "an END line without its dashes", block(body, nil, "-----END CERTIFICATE---\n"), "pem", "no END line" },
    { "a character that is none of base64", block("!" .. body:sub(2)), "pem", "CERTIFICATE is not base64" },
    { "an octet above 127", block("\xc1" .. body:sub(2)), "pem", "not base64" },
    { "a digit less", block(body:sub(2)), "pem", "not base64" },
    { "padding in the middle", block("AA==" .. body), "pem", "not base64" },
    { "too much padding", block((body:gsub("=*\n$", "====\n"))), "pem", "not base64" },
    { "no padding", der.pem(der_a .. "\0"):gsub("=", ""), "pem", "not base64" },
    { "bits behind the last octet", block "MAB=\n", "pem", "not base64" },
    { "an empty block", block "", "bad_certificate" },
    { "bytes behind the certificate", der.pem(der_a .. "\0"), "bad_certificate" },
    { "two certificates in one block", der.pem(der_a .. der_b), "bad_certificate" },
    { "bytes behind DER", der_a .. "\0", "der", "at byte " .. #der_a },
    { "cut DER behind DER", der_a .. der_b:sub(1, 20), "der", "at byte " .. #der_a },
    { "a block that does not decode behind one that does", a .. block "AAAA\n", "bad_certificate", "certificate 2" },
    { "a label of control characters", "-----BEGIN \27[2J-----\n", "pem", "BEGIN ?[2J" },
  } do
    it("refuses " .. case[1], function()
      local list, err = x509.parse(case[2])
      assert.is_nil(list)
      assert.equal(case[3], err.code)
      assert.truthy(tostring(err):find(case[4] or "", 1, true), tostring(err))
    end)
  end

  it("reads no more than 16 MiB", function()
    local list, err = x509.parse(("x"):rep((16 << 20) + 1))
    assert.is_nil(list)
    assert.equal("limit", err.code)
  end)

  it("reads every root of the system, however the lines end", function()
    local text = read "/etc/ssl/certs/ca-certificates.crt"
    local _, count = text:gsub("BEGIN CERTIFICATE", "")
    local list = ders(x509.parse(text))
    assert.equal(count, #list)
    assert.same(list, ders(x509.parse((text:gsub("\n", "\r\n")))))
  end)

  it("wants a string", function()
    assert.has_error(function() x509.parse {} end)
    assert.has_error(function() x509.load() end)
  end)
end)

describe("x509.load", function()
  it("says which file cannot be read, and why", function()
    for path, reason in pairs { ["/nowhere/x.pem"] = "No such file", ["/tmp"] = "is a directory" } do
      local list, err = x509.load(path)
      assert.is_nil(list)
      assert.equal("file", err.code)
      assert.truthy(err.message:find(path, 1, true))
      assert.truthy(err.message:find(reason, 1, true))
    end
    local _, err = x509.load "spec/vectors/x509/p384.pem\0x"
    assert.equal("file", err.code)
  end)
end)

describe("base64", function()
  local unit = require "bearssl.unit"
  local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  local function random_bytes(size)
    local out = {}
    for i = 1, size do out[i] = string.char(math.random(0, 255)) end
    return table.concat(out)
  end

  local function agree(content, expected)
    local slow, fast, onto = unit.pem_ways(block(content))
    assert.equal(slow, fast, content)
    assert.equal(slow, onto, content)
    if expected ~= nil then assert.equal(expected, slow, content) end
  end

  local function encode(bytes)
    local der_as_text = der.pem(bytes, "X"):match "%-\n(.*)%-%-%-%-%-END"
    return der_as_text:gsub("%s", "")
  end

  it("is the same fast, slow and onto its own text, for every length and width of line", function()
    for size = 0, 200 do
      local bytes = random_bytes(size)
      local text = encode(bytes)
      for _, width in ipairs { 64, 76, 60, 4, 63, 1 + size } do
        agree(text:gsub(("."):rep(width), "%0\n") .. "\n", bytes)
      end
      agree(text:gsub(("."):rep(64), "%0\r\n") .. "\r\n", bytes)
    end
  end)

  it("has each of the 64 digits at each of 32 places, and no other character", function()
    for place = 1, 32 do
      for c = 0, 255 do
        local text = ("A"):rep(32)
        text = text:sub(1, place - 1) .. string.char(c) .. text:sub(place + 1) .. ("A"):rep(32) .. "\n"
        local decodes = digits:find(string.char(c), 1, true) ~= nil
        local _, fast = unit.pem_ways(block(text))
        assert.equal(decodes, fast ~= false and #fast == 48)
        agree(text)
      end
    end
  end)

  it("is as right or wrong with white space, padding and strange characters anywhere", function()
    local strange = { " ", "\t", "=", "==", "\n\n", "\r", "-", "!", "\xc1", "\0", "A", "\v" }
    for _ = 1, 3000 do
      local text = encode(random_bytes(math.random(1, 150))):gsub(("."):rep(64), "%0\n") .. "\n"
      local at = math.random(1, #text)
      agree(text:sub(1, at - 1) .. strange[math.random(1, #strange)] .. text:sub(at))
    end
  end)
end)

describe("a certificate that is damaged", function()
  -- A byte in the middle of a key or a signature may change without harm; then all of it must still be readable.
  local function survives(bytes)
    local list, err = x509.parse(bytes)
    if not list then
      assert.equal("string", type(err.code))
      assert.equal("string", type(err.where))
      return false
    end
    for _, certificate in ipairs(list) do
      assert.falsy(certificate:text():gsub("\n", ""):find "%c")
      assert.equal("table", type(certificate:to_table()))
      assert.equal("boolean", type((certificate:matches_name "a.example")))
    end
    return true
  end

  local everything = x509.load "spec/vectors/x509/everything.pem"[1]:der()

  it("is an error at every truncation", function()
    for i = 0, #everything - 1 do assert.is_false(survives(everything:sub(1, i))) end
    local pem = b:gsub("\n$", "")
    for i = 0, #pem - 1 do assert.is_false(survives(pem:sub(1, i))) end
  end)

  it("is an error or another certificate at every changed byte", function()
    for i = 1, #everything do
      local byte = everything:byte(i)
      for _, other in ipairs { byte ~ 1, byte ~ 0x80, 0xff } do
        survives(everything:sub(1, i - 1) .. string.char(other) .. everything:sub(i + 1))
      end
    end
  end)

  it("is an error or another certificate at every changed character of its PEM", function()
    for i = 1, #b do
      for _, other in ipairs { "A", "=", "\n", "-", "\0", ":" } do
        survives(b:sub(1, i - 1) .. other .. b:sub(i + 1))
      end
    end
  end)
end)
