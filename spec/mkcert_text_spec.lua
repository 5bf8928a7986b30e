-- What mkcert makes, as the openssl command prints it and as we read it: certificates of every purpose, requests, CRLs,
-- OCSP responses, of every kind of key. The texts are compared whole, up to the signature of what is no certificate;
-- there, white space counts as one space, as openssl forgets line breaks.
local core = require "bearssl.core"
local crl = require "bearssl.x509.crl"
local extension_text = require "bearssl.extension_text"
local hex = require "bearssl.hex"
local mkcert = require "bearssl.mkcert"
local ocsp = require "bearssl.x509.ocsp"
local request = require "bearssl.x509.request"
local alike = require "spec.support.openssl_text".alike

local kinds = { "P-256", "P-384", "P-521", "ed25519", "rsa-2048", "rsa-pss-2048" }
local NOON <const> = 1735732800 -- 2025-01-01T12:00:00Z
local DAY <const> = 86400

local utc, name_text = extension_text.utc, extension_text.name

-- openssl's words -------------------------------------------------------------------------------------------------

-- Of a CRL's algorithm we have the name alone; by RSASSA-PSS, what we sign with has a salt as long as the hash.
local function algorithm(name, hash)
  if name == "id-Ed25519" then return "ED25519" end
  if name ~= "id-RSASSA-PSS" then return name end
  return ("rsassaPss Hash Algorithm: %s Mask Algorithm: mgf1 with %s Salt Length: %d"):format(hash, hash,
    #core.digest(hash, ""))
end

local function colons(digits)
  return (digits:upper():gsub("%x%x", "%0:"):gsub(":$", ""))
end

local function titled(word) -- key_compromise: Key Compromise
  return (word:gsub("_", " "):gsub("%f[%a]%a", string.upper):gsub("%f[%a]Ca%f[%A]", "CA"):gsub("%f[%a]Aa%f[%A]", "AA")
    :gsub("Crl", "CRL"))
end

local function camel(word) -- key_compromise: keyCompromise
  return (word:gsub("_(%a)", string.upper):gsub("^(%a)a(%u)", "%1A%2"):gsub("Crl", "CRL"))
end

local codes = {
  key_compromise = 1, ca_compromise = 2, affiliation_changed = 3, superseded = 4, cessation_of_operation = 5,
  certificate_hold = 6, privilege_withdrawn = 9, aa_compromise = 10,
}

-- What we read, as openssl would say it ---------------------------------------------------------------------------

local function list()
  local lines = {}
  return lines, function(format, ...) lines[#lines + 1] = format:format(...) end
end

local function add_names(add, names)
  add "Full Name:"
  for _, name in ipairs(names) do add("URI:%s", name.value) end
end

local function add_point(add, point)
  add "X509v3 Issuing Distribution Point: critical"
  if point.full_name then add_names(add, point.full_name) end
  if point.only_contains_user_certs then add "Only User Certificates" end
  if point.only_contains_ca_certs then add "Only CA Certificates" end
  if point.indirect_crl then add "Indirect CRL" end
  if not point.reasons then return end
  local titles = {}
  for i, reason in ipairs(point.reasons) do titles[i] = titled(reason) end
  add("Only Some Reasons: %s", table.concat(titles, ", "))
end

local function add_crl_extensions(add, found)
  add("CRL extensions: X509v3 Authority Key Identifier: %s", colons(found.authority_key_identifier))
  add("X509v3 CRL Number: %s", found.crl_number)
  if found.is_delta then add("X509v3 Delta CRL Indicator: critical %s", found.base_crl_number) end
  if found.issuing_distribution_point then add_point(add, found.issuing_distribution_point) end
  if not found.freshest_crl then return end
  add "X509v3 Freshest CRL:"
  for _, point in ipairs(found.freshest_crl) do add_names(add, point.full_name) end
end

local function crl_text(found, hash)
  local lines, add = list()
  add("Certificate Revocation List (CRL): Version %d (0x%x)", found.version, found.version - 1)
  add("Signature Algorithm: %s", algorithm(found.signature_algorithm, hash or "sha256"))
  add("Issuer: %s", name_text(found.issuer))
  add("Last Update: %s Next Update: %s", utc(found.this_update), utc(found.next_update))
  add_crl_extensions(add, found)
  add(#found > 0 and "Revoked Certificates:" or "No Revoked Certificates.")
  for i = 1, #found do
    local entry = found:entry(i)
    add("Serial Number: %s Revocation Date: %s", entry.serial:upper(), utc(entry.revocation_date))
    if entry.reason then add("CRL entry extensions: X509v3 CRL Reason Code: %s", titled(entry.reason)) end
  end
  add("Signature Algorithm: %s", algorithm(found.signature_algorithm, hash or "sha256"))
  return table.concat(lines, "\n")
end

local function add_answer(add, answer, issuer, hash)
  local function digest(octets) return hex.of(core.digest(hash, octets)):upper() end
  add("Certificate ID: Hash Algorithm: %s", hash)
  add("Issuer Name Hash: %s", digest(issuer.subject.der))
  add("Issuer Key Hash: %s", issuer.key_hash[hash])
  add("Serial Number: %s Cert Status: %s", answer.serial:upper(), answer.status)
  if answer.revocation_date then add("Revocation Time: %s", utc(answer.revocation_date)) end
  if answer.reason then add("Revocation Reason: %s (0x%x)", camel(answer.reason), codes[answer.reason]) end
  add("This Update: %s Next Update: %s", utc(answer.this_update), utc(answer.next_update))
end

local function ocsp_text(response, issuer, hash)
  local lines, add = list()
  add("OCSP Response Data: OCSP Response Status: %s (0x0)", response.status)
  add("Response Type: Basic OCSP Response Version: 1 (0x0) Responder Id: %s", response.responder_key_hash:upper())
  add("Produced At: %s Responses:", utc(response.produced_at))
  for _, answer in ipairs(response.responses) do add_answer(add, answer, issuer, hash) end
  if response.nonce then
    add("Response Extensions: OCSP Nonce: 04%02X%s", #response.nonce, hex.of(response.nonce):upper())
  end
  add "Signature Algorithm:"
  return table.concat(lines, "\n")
end

-- The specs -------------------------------------------------------------------------------------------------------

local function squeezed(text) return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")) end

describe("what mkcert makes is what openssl prints:", function()
  local dir
  setup(function()
    local pipe <close> = assert(io.popen "mktemp -d")
    dir = pipe:read "l"
  end)
  teardown(function() os.execute("rm -r " .. dir) end)

  local function printed(text, command)
    local path = dir .. "/it"
    local file <close> = assert(io.open(path, "wb"))
    assert(file:write(text))
    file:close()
    local pipe = assert(io.popen(command:format(path) .. " 2>&1"))
    local out = pipe:read "a"
    assert(pipe:close(), out)
    return out
  end

  -- Up to the signature; without the name of its algorithm where we have none.
  local function same(ours, theirs)
    local wanted = squeezed(alike(theirs)):match "^.-Signature Value:"
    if ours:find "Signature Algorithm:$" then wanted = wanted:match "^.*Signature Algorithm:" end
    assert.equal(wanted:gsub(" Signature Value:$", ""), squeezed(alike(ours)))
  end

  for _, kind in ipairs(kinds) do
    describe("of keys of " .. kind, function()
      local root, issued
      setup(function()
        root = assert(mkcert.authority { name = "CN=Root,O=Ex\\, Inc.", key = kind, permitted = { "example.com",
          "IP:10.0.0.0/8", "email:example.com" }, excluded = "secret.example.com" })
        issued = {
          ca = assert(mkcert.authority { name = "CN=Below", key = kind, issuer = root }),
          server = assert(root:issue {
            names = { "example.com", "*.example.com", "10.1.2.3", "RID:1.2.3.4" }, key = kind, must_staple = true,
            crl = { "http://c.example/1", "http://c.example/2" }, freshest_crl = "http://d.example/",
            ocsp = "http://o.example/", ca_issuers = "http://i.example/", policies = { "1.2.3.4.5", "any_policy" },
            extensions = { { oid = "1.2.3.99", critical = true, value = "\5\0" } },
          }),
          client = assert(root:issue { names = { "me@example.com", "URI:urn:x" }, key = kind,
            purpose = { "client", "email" } }),
          responder = assert(root:issue { subject = "OCSP", key = kind, purpose = "ocsp" }),
          bare = assert(root:issue { names = "dirName:CN=a,O=b", subject = "", key = kind, basic_constraints = false,
            key_usage = false, ext_key_usage = false }),
        }
        root:revoke(issued.server.certificate, { reason = "key_compromise", time = NOON })
        root:revoke(issued.client.certificate, { reason = "certificate_hold", time = NOON })
        root:revoke(issued.bare.certificate, { time = NOON })
        root:revoke("\127\1", { reason = "certificate_hold" })
        root:revoke("\127\1", { reason = "remove_from_crl", time = NOON })
      end)

      for _, what in ipairs { "ca", "server", "client", "responder", "bare" } do
        it("a certificate: " .. what, function()
          local certificate = issued[what].certificate
          assert.equal(alike(printed(certificate:pem(), "openssl x509 -noout -text -in %s")), alike(certificate:text()))
        end)
      end

      it("requests", function()
        for _, options in ipairs { { subject = "CN=a,O=Ex\\, Inc.", names = { "a.example", "10.1.2.3" },
          must_staple = true }, { names = "a.example" }, { subject = "CN=none" } } do
          options.key = kind
          local made = assert(mkcert.request(options))
          local read = assert(request.parse(made.pem))
          assert.same({ made.key.pin, made.der, made.pem }, { read.pin, read:der(), read:pem() })
          assert.equal(alike(printed(made.pem, "openssl req -verify -noout -text -in %s")
            :gsub("Certificate request self%-signature verify OK\n", "")), alike(read:text()))
        end
      end)

      it("CRLs", function()
        for _, options in ipairs { {}, { only = "ca", number = 258, hash = kind ~= "ed25519" and "sha512" or nil },
          { distribution_point = { "http://c.example/1", "http://c.example/2" }, only = "user", indirect = true,
            reasons = { "key_compromise", "certificate_hold", "aa_compromise" }, base = 258 },
          { freshest_crl = { "http://d.example/", "http://e.example/" } } } do
          local made = assert(root:crl(options))
          local read = assert(crl.parse(made.pem))[1]
          assert.equal(options.base and 4 or 3, #read)
          same(crl_text(read, options.hash), printed(made.pem, "openssl crl -noout -text -in %s"))
        end
      end)

      it("CRLs of nothing", function()
        local made = assert(assert(mkcert.authority { key = kind }):crl { days = 2 })
        same(crl_text(assert(crl.parse(made.pem))[1]), printed(made.pem, "openssl crl -noout -text -in %s"))
      end)

      it("OCSP responses", function()
        local own = root.certificate
        local key_hash = { sha1 = hex.of(core.key_identifier(own.public_key.spki)):upper() }
        for _, options in ipairs { {}, { nonce = "a nonce", next_update = NOON + 9 * DAY, this_update = NOON },
          { responder = issued.responder }, { status = "unknown" } } do
          local about = { issued.server.certificate, issued.ca.certificate, issued.bare.certificate }
          local made = assert(root:ocsp(about, options))
          same(ocsp_text(assert(ocsp.parse(made)), { subject = own.subject, key_hash = key_hash }, "sha1"),
            printed(made, "openssl ocsp -resp_text -noverify -respin %s"))
        end
      end)
    end)
  end
end)
