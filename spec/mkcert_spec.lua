-- Certificates that bearssl.mkcert makes: as openssl, GnuTLS and our own validator see them, and the files they are
-- kept in.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local mkcert = require "bearssl.mkcert"
local x509 = require "bearssl.x509"

local kinds = { "P-256", "P-384", "P-521", "ed25519", "rsa-2048", "rsa-pss-2048" }
local NOON = 1800000000 -- 2027-01-15T08:00:00Z

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  local out = pipe:read "a"
  return pipe:close() ~= nil, out
end

local function succeeds(command)
  local ok, out = run(command)
  assert(ok, command .. "\n" .. out)
  return out
end

describe("bearssl.mkcert", function()
  local dir
  setup(function() dir = succeeds("mktemp -d"):match "%C+" end)
  teardown(function() succeeds("rm -r " .. dir) end)

  local function keep(name, text)
    local file <close> = assert(io.open(dir .. "/" .. name, "wb"))
    file:write(text)
    return dir .. "/" .. name
  end

  local function new(options)
    return assert(mkcert.authority(options or { name = "CN=Root,O=Example" }))
  end

  describe("keys", function()
    for _, kind in ipairs(kinds) do
      it("of kind " .. kind .. " are read by openssl, by GnuTLS and by us", function()
        local key, path = assert(mkcert.key(kind)), dir .. "/" .. kind .. ".key"
        assert(key:save(path))
        assert.equal("600", succeeds("stat -c %a " .. path):match "%d+")
        succeeds("openssl pkey -check -noout -in " .. path)
        succeeds("certtool -k --infile " .. path)
        local read = assert(bearssl.key.load(path))
        assert.equal(key.public_key, read.public_key)
        assert.equal(key.pin, read.pin)
        assert.equal(kind:match "^rsa%-pss" and "rsa_pss" or kind:match "^rsa" or kind == "ed25519" and kind or "ec",
          key.type)
      end)
    end

    it("are new each time", function()
      assert.not_equal(assert(mkcert.key "P-256").pin, assert(mkcert.key "P-256").pin)
    end)

    it("replace no file unless told to", function()
      local path = keep("there.key", "mine")
      local key = assert(mkcert.key())
      local ok, err = key:save(path)
      assert.is_nil(ok)
      assert.equal("file_write", err.code)
      assert.matches("File exists", err.message)
      assert.equal("mine", io.open(path):read "a")
      assert(key:save(path, true))
      assert.equal(key.pin, assert(bearssl.key.load(path)).pin)
    end)

    it("leave nothing where they cannot be written", function()
      local key = assert(mkcert.key())
      for _, path in ipairs { dir .. "/none/x.key", "/dev/full/x", dir } do
        local ok, err = key:save(path, true)
        assert.is_nil(ok)
        assert.equal("file_write", err.code)
      end
      assert.equal("", succeeds(("find %s -name '*.??????'"):format(dir)))
    end)

    it("that were read are not written again", function()
      local path = dir .. "/read.key"
      assert(assert(mkcert.key()):save(path))
      local ok, err = assert(bearssl.key.load(path)):save(dir .. "/again.key")
      assert.is_nil(ok)
      assert.equal("unsupported_key", err.code)
    end)

    it("of a kind that there is none of are the programmer's mistake", function()
      assert.error_matches(function() mkcert.key "rsa-1024" end, 'bearssl.mkcert.key: .*not "rsa%-1024"')
    end)
  end)

  describe("chains", function()
    for _, kind in ipairs(kinds) do
      it("of keys of kind " .. kind .. " are verified by openssl, by GnuTLS and by us", function()
        local root = new { name = "CN=Root,O=Example", key = kind }
        local middle = new { name = "CN=Middle", key = kind, issuer = root }
        local leaf = assert(middle:issue { names = { "example.com", "192.0.2.7" }, key = kind })
        local anchor, chain = keep("root.pem", root.certificate:pem()), keep("chain.pem", leaf.pem)
        succeeds(("openssl verify -x509_strict -purpose sslserver -verify_hostname example.com -CAfile %s "
          .. "-untrusted %s %s"):format(anchor, chain, chain))
        succeeds(("certtool --verify --load-ca-certificate %s --infile %s"):format(anchor, chain))
        local store = assert(bearssl.store { root.certificate:pem() })
        assert(store:verify(leaf.chain, { name = "example.com" }))
        assert(store:verify(leaf.chain, { name = "192.0.2.7" }))
        assert(leaf.key:matches(leaf.certificate))
      end)
    end

    it("are text as openssl prints it", function()
      local root = new { name = "CN=Root", permitted = { "example.com" }, excluded = { "a.example.com" } }
      local leaf = assert(root:issue {
        names = { "example.com", "me@example.com", "https://example.com/x", "RID:1.2.3.4" },
        purpose = { "server", "client" }, ocsp = "http://o.example/", ca_issuers = "http://i.example/",
        crl = { "http://c.example/1", "http://c.example/2" }, policies = { "1.2.3.4.5", "any_policy" },
        must_staple = true, extensions = { { oid = "1.2.3.99", critical = true, value = "\5\0" } },
      })
      for _, certificate in ipairs { root.certificate, leaf.certificate } do
        local path = keep("text.pem", certificate:pem())
        assert.equal(succeeds("openssl x509 -noout -text -in " .. path), certificate:text())
      end
    end)

    it("have names in RFC 4514's text, in any alphabet, with its escapes", function()
      for text, printed in pairs {
        ["CN=a"] = "CN=a", ["plain, with a comma"] = "CN=plain\\, with a comma",
        ["CN=Åsa,O=Ex\\, Inc.,C=SE"] = "CN=Åsa,O=Ex\\, Inc.,C=SE", ["O=\\c3\\a5"] = "O=å",
        ["CN=x\\+y"] = "CN=x\\+y", ["emailAddress=a@b.example"] = "emailAddress=a@b.example",
        ["UID=7+CN=a"] = "CN=a+UID=7", ["C=SE, O=Last written first in DER"] = "C=SE,O=Last written first in DER",
      } do
        assert.equal(printed, tostring(new { name = text }.certificate.subject))
      end
    end)

    it("are valid for as long as they are asked to be, and no longer than their issuer", function()
      local root = new { name = "R", not_before = NOON, not_after = NOON + 1000 }
      local leaf = assert(root:issue { names = "a.example", days = 90 }).certificate
      assert.equal(NOON + 1000, leaf.not_after)
      local told = assert(root:issue { names = "a.example", not_before = NOON - 5, not_after = 4102444800 })
        .certificate
      assert.same({ NOON - 5, 4102444800 }, { told.not_before, told.not_after })
    end)

    it("have times of every year that X.509 has", function()
      local root = new { name = "R", not_before = 0, not_after = 253402300799 }
      assert.same({ 0, 253402300799 }, { root.certificate.not_before, root.certificate.not_after })
      assert.matches("9999", succeeds("openssl x509 -noout -enddate -in " .. keep("far.pem", root.certificate:pem())))
    end)

    it("are not issued by who has expired", function()
      local old = assert(mkcert.authority { not_before = 0, not_after = 86400 })
      local issued, err = old:issue { names = "a.example" }
      assert.same({ nil, "expired" }, { issued, err.code })
      assert.matches("1970%-01%-02", err.message)
    end)

    it("are not issued without entropy for their serial number", function()
      local own, random = new(), core.random
      core.random = function() return nil, core.error { code = "entropy", message = "none", side = "local" } end
      local ok, issued, err = pcall(own.issue, own, { names = "a.example" })
      core.random = random
      assert.same({ true, nil, "entropy" }, { ok, issued, type(err) == "table" and err.code })
    end)

    it("are for no address that a zero byte ends", function()
      assert.error_matches(function() mkcert.request { names = "192.0.2.1\0.example" } end, "no DNS name")
    end)

    it("are not issued from a folder whose list of what was revoked cannot be read", function()
      local folder = dir .. "/unreadable"
      assert(mkcert.create(folder, {})).lock:close()
      succeeds(("ln -s ca.json %s/ca.json"):format(folder)) -- in a circle
      local ok, err = mkcert.open(folder)
      assert.is_nil(ok)
      assert.equal("file", err.code)
      assert.matches("ca%.json", err.message)
    end)

    it("take the whole of a name for the subject, whatever it looks like", function()
      local root = new()
      for _, name in ipairs { "abcd::1", "IP:abcd::1", "https://e.example/?q=1,2", "URI:urn:x", "DNS:a.example" } do
        local bare = name:gsub("^%u+:", "")
        local subject = assert(root:issue { names = name }).certificate.subject
        assert.equal("CN=" .. bare:gsub(",", "\\,"), tostring(subject))
      end
      assert.equal("O=Example", tostring(assert(root:issue { names = "dirName:O=Example" }).certificate.subject))
    end)

    it("have serial numbers of 20 octets at most, however they are written", function()
      local root = new()
      assert.has_error(function() root:issue { names = "a.example", serial = ("\255"):rep(20) } end)
      local issued = assert(root:issue { names = "a.example", serial = "\0\0\200\1" }).certificate
      assert.equal("c801", issued.serial)
      assert(root:revoke "\0\200\1")
      local path = keep("serial.crl", assert(root:crl()).pem)
      assert.matches("C801", succeeds("openssl crl -noout -text -in " .. path))
      assert.is_truthy(root.revoked["\200\1"])
    end)

    it("end with the year 9999, and so do CRLs", function()
      local path = keep("late.crl", assert(new():crl { this_update = 253402300799 }).pem)
      assert.matches("Next Update: Dec 31 23:59:59 9999", succeeds("openssl crl -noout -text -in " .. path))
    end)

    it("have serial numbers of 16 random octets, or the one that is asked for", function()
      local root, seen = new(), {}
      for _ = 1, 20 do
        local serial = assert(root:issue { names = "a.example" }).certificate.serial
        assert.equal(32, #serial)
        assert.is_nil(seen[serial])
        seen[serial] = true
      end
      assert.equal("010000", assert(root:issue { names = "a.example", serial = 65536 }).certificate.serial)
    end)
  end)

  describe("requests", function()
    for _, kind in ipairs(kinds) do
      it("of kind " .. kind .. " are verified by openssl and issued by us", function()
        local request = assert(mkcert.request { subject = "CN=a.example", names = { "a.example" }, key = kind })
        succeeds("openssl req -verify -noout -in " .. keep("a.csr", request.pem))
        local issued = assert(new():issue { request = request.pem })
        assert.equal(request.key.public_key, issued.certificate.public_key.spki)
        assert.equal("CN=a.example", tostring(issued.certificate.subject))
        assert(issued.certificate:matches_name "a.example")
        assert.is_nil(issued.key)
      end)
    end

    it("of openssl are taken, and what the caller says counts more", function()
      local out, key = dir .. "/o.csr", dir .. "/o.key"
      succeeds(("openssl req -new -newkey rsa:2048 -nodes -keyout %s -subj /CN=theirs "
        .. "-addext subjectAltName=DNS:t.example -out %s"):format(key, out))
      local pem = io.open(out):read "a"
      assert(assert(new():issue { request = pem }).certificate:matches_name "t.example")
      local other = assert(new():issue { request = pem, names = "o.example", subject = "ours" }).certificate
      assert.equal("CN=ours", tostring(other.subject))
      assert.is_false((other:matches_name "t.example"))
    end)

    it("of openssl are read, with attributes that nobody asks for", function()
      local out, config = dir .. "/c.csr", keep("c.cnf", "[req]\ndistinguished_name=n\nattributes=a\nprompt=no\n"
        .. "req_extensions=e\n[n]\nCN=theirs\n[a]\nchallengePassword=sesame\n[e]\nsubjectAltName=DNS:t.example\n"
        .. "basicConstraints=critical,CA:TRUE\n")
      succeeds(("openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null -config %s -out %s"):format(config, out))
      local request = assert(x509.request.load(out))
      assert.same({ "CN=theirs", "rsa", 2048 }, { tostring(request), request.public_key.type, request.public_key.bits })
      assert.equal("t.example", request.extensions.subject_alt_name.value[1].value)
      assert.is_true(request.extensions.basic_constraints.value.ca) -- and no authority of ours gives it that
      local issued = assert(new():issue { request = request:pem() }).certificate
      assert.is_false(issued.extensions.basic_constraints.value.ca)
      assert.matches("CN = theirs.*DNS:t.example.*Signature Algorithm: sha256WithRSAEncryption", request:text())
      local pin = succeeds("{ openssl req -noout -pubkey -in " .. out .. " | openssl pkey -pubin -outform DER "
        .. "| openssl dgst -sha256 -binary | base64; }")
      assert.equal("sha256//" .. pin:match "%C+", request.pin)
    end)

    it("that are none are told so", function()
      for text, code in pairs { [""] = "der", ["hello"] = "der", ["\48\0"] = "der",
        ["-----BEGIN CERTIFICATE REQUEST-----\nMAA="] = "pem", [new().certificate:pem()] = "der" } do
        local request, err = x509.request.parse(text)
        assert.same({ nil, code }, { request, err.code })
      end
      local request, err = x509.request.load(dir .. "/none")
      assert.same({ nil, "file" }, { request, err.code })
      assert.error_matches(function() x509.request.parse(1) end, "a string is wanted, not number")
    end)

    it("whose extensions do not decode to the end are refused", function()
      local key, names = assert(mkcert.key()), { oid = "\x55\x1d\x11", value = "\x30\3\x82\1a" }
      local function with(list)
        return core.issue_request({ subject = "\x30\0", spki = key.public_key, extensions = list }, key)
      end
      assert.equal("a", assert(x509.request.parse(with { names })).extensions.subject_alt_name.value[1].value)
      local request, err = x509.request.parse(with { names, names })
      assert.same({ nil, "der" }, { request, err.code })
      assert.matches("what the request asks for does not decode", tostring(err), 1, true)
      request, err = x509.request.parse(with { names, { oid = "", value = "" } })
      assert.same({ nil, "der" }, { request, err.code })
    end)

    it("that are cut or changed anywhere are refused", function()
      local der = assert(mkcert.request { names = "a.example", subject = "CN=a" }).der
      local root = new()
      for n = 0, #der - 1 do
        local ok, err = root:issue { request = der:sub(1, n) }
        assert.is_nil(ok)
        assert.is_string(err.code)
        assert.is_nil((x509.request.parse(der:sub(1, n))))
      end
      for i = 1, #der do
        local changed = der:sub(1, i - 1) .. string.char(der:byte(i) ~ 1) .. der:sub(i + 1)
        assert.is_nil((root:issue { request = changed }))
        assert.is_nil((x509.request.parse(changed)))
      end
    end)
  end)

  describe("revocation", function()
    local root, leaf, other, store
    setup(function()
      root = new()
      leaf = assert(root:issue { names = "a.example", ocsp = "http://o.example/" })
      other = assert(root:issue { names = "b.example" })
      store = assert(bearssl.store { root.certificate:pem() })
      root:revoke(leaf.certificate, { reason = "key_compromise" })
      keep("root.pem", root.certificate:pem())
      keep("leaf.pem", leaf.certificate:pem())
    end)

    it("stands in a CRL that openssl and we verify", function()
      local crl = assert(root:crl { days = 3 })
      local path = keep("crl.pem", crl.pem)
      local text = succeeds(("openssl crl -noout -text -in %s -CAfile %s/root.pem"):format(path, dir))
      assert.matches("verify OK", text)
      assert.matches("Key Compromise", text)
      local ok, err = store:verify(leaf.chain, { name = "a.example", revocation = { crl = { crl.pem } } })
      assert.is_nil(ok)
      assert.equal("revoked", err.code)
      assert(store:verify(other.chain, { name = "b.example", revocation = { crl = { crl.pem } } }))
      assert.equal("2", tostring(assert(x509.crl.parse(assert(root:crl()).pem)).number or 2))
    end)

    for _, by in ipairs { "the authority", "a responder of its own" } do
      it("is told by an OCSP response of " .. by, function()
        local responder = by ~= "the authority" and assert(root:issue { subject = "OCSP", purpose = "ocsp" }) or nil
        local der = assert(root:ocsp({ leaf.certificate, other.certificate }, { responder = responder }))
        local text = succeeds(("cd %s; openssl ocsp -no_nonce -respin %s -issuer root.pem -cert leaf.pem "
          .. "-CAfile root.pem"):format(dir, keep("r.der", der)))
        assert.matches("Response verify OK", text)
        assert.matches("leaf.pem: revoked", text)
        local response = assert(x509.ocsp.parse(der))
        assert.equal("revoked", assert(response:verify(leaf.certificate, root.certificate)).status)
        assert.equal("good", assert(response:verify(other.certificate, root.certificate)).status)
      end)
    end

    it("is taken back in deltas alone, and in OCSP responses", function()
      local own = new()
      local held = assert(own:issue { names = "h.example" })
      own:revoke(held.certificate, { reason = "certificate_hold" })
      own:revoke(held.certificate, { reason = "remove_from_crl" })
      local base, delta = assert(own:crl()), assert(own:crl { base = 1 })
      assert.equal(0, #assert(x509.crl.parse(base.der))[1])
      local list = assert(x509.crl.parse(delta.der))[1]
      assert.same({ "remove_from_crl", "1", "2" }, { list:lookup(held.certificate).reason, list.base_crl_number,
        list.crl_number })
      local answer = assert(x509.ocsp.parse(assert(own:ocsp(held.certificate))))
      assert.equal("good", assert(answer:verify(held.certificate, own.certificate)).status)
    end)

    it("stays, since when it was told first, and says no reason that is none", function()
      local own = new()
      local held, lost = assert(own:issue { names = "h.example" }), assert(own:issue { names = "l.example" })
      own:revoke(held.certificate, { reason = "certificate_hold", time = 86400 })
      own:revoke(held.certificate, { reason = "superseded" })
      own:revoke(lost.certificate, { reason = "unspecified", time = 172800 })
      own:revoke(lost.certificate)
      local list = assert(x509.crl.parse(assert(own:crl()).der))[1]
      local one, other_one = list:lookup(held.certificate), list:lookup(lost.certificate)
      assert.same({ "superseded", 86400, 172800 }, { one.reason, one.revocation_date, other_one.revocation_date })
      assert.is_nil(succeeds("openssl crl -noout -text -in " .. keep("own.pem", assert(own:crl()).pem))
        :find "Unspecified")
      for _, reason in ipairs { "remove_from_crl", "certificate_hold" } do
        assert.error_matches(function() own:revoke(lost.certificate, { reason = reason }) end, "revoked for good")
      end
      assert.error_matches(function() own:revoke("\1", { reason = "remove_from_crl" }) end, "not on hold")
    end)

    it("stands in deltas of lists before them, which have no deltas", function()
      local own = new()
      assert.error_matches(function() own:crl { base = 1 } end, "'base'")
      assert(own:crl())
      assert.error_matches(function() own:crl { base = 1, freshest_crl = "http://d.example/" } end, "'freshest_crl'")
      assert.equal("2", assert(x509.crl.parse(assert(own:crl { base = 1 }).der))[1].crl_number)
    end)

    it("is told of certificates by any hash", function()
      for _, hash in ipairs { "sha1", "sha256", "sha384", "sha512" } do
        local response = assert(x509.ocsp.parse(assert(root:ocsp(leaf.certificate, { id_hash = hash }))))
        assert.equal("revoked", assert(response:verify(leaf.certificate, root.certificate)).status)
      end
    end)

    it("has options of its own for CRLs and for OCSP", function()
      for wanted, call in pairs {
        ["no reason 'key_compromised', did you mean"] = function() root:crl { reasons = "key_compromised" } end,
        ["unknown option 'nonce'"] = function() root:crl { nonce = "x" } end,
        ["'only'"] = function() root:crl { only = "users" } end,
        ["unknown option 'base'"] = function() root:ocsp(leaf.certificate, { base = 1 }) end,
        ["at least one"] = function() root:ocsp {} end, ["octets of its serial"] = function() root:revoke "" end,
        ["a certificate, or the octets"] = function() root:ocsp { 5 } end,
        ["'id_hash'"] = function() root:ocsp(leaf.certificate, { id_hash = "md5" }) end,
      } do
        assert.error_matches(call, wanted, 1, true)
      end
    end)

    it("can be refused to be told", function()
      assert.equal("tryLater", assert(x509.ocsp.parse(core.ocsp_refusal(3))).status)
    end)
  end)

  it("signs by the key itself, as X.509 has it", function()
    for _, kind in ipairs { "P-256", "rsa-2048", "ed25519" } do
      local key = assert(mkcert.key(kind))
      local signature = assert(key:sign "message")
      local public = keep("k.pub", core.pem("PUBLIC KEY", key.public_key))
      succeeds(("openssl pkeyutl -verify -rawin %s -pubin -inkey %s -in %s -sigfile %s"):format(
        kind == "ed25519" and "" or "-digest sha256", public, keep("m", "message"), keep("s", signature)))
    end
  end)

  it("makes the certificates of specs, benchmarks, examples and guides; the openssl command a few, and why", function()
    local others = {
      ["spec/support/pki_make.lua"] = "a key of 1024 bits signs", ["spec/key_spec.lua"] = "of a key that it has read",
      ["spec/mkcert_spec.lua"] = "a request of another's", ["spec/command_mkcert_spec.lua"] = "a request of another's",
    }
    local _, list = run [[{ grep -rIlE 'openssl (req .*(-new|-x509)|ca -|x509 -req)' spec bench examples docs *.md |
      grep -v -e '^spec/vectors/' -e '^docs/reference/' -e '^spec/fuzz/bear_identities.h'; }]]
    for path in list:gmatch "%C+" do
      assert.is_string(others[path], path)
      others[path] = nil
    end
    assert.is_nil((next(others)))
  end)

  it("names the option that is wrong", function()
    local root = new()
    for wanted, options in pairs {
      ["unknown option 'nmaes', did you mean 'names'"] = { nmaes = "x" },
      ["'serial'"] = { serial = 0 }, ["'names': the list is empty"] = { names = {} },
      ["is no DNS name"] = { names = "a b" }, ["is no IP address"] = { names = "IP:1.2.3" },
      ["no attribute 'XX'"] = { subject = "XX=1" }, ["'C' of a name: two letters"] = { subject = "C=S" },
      ["no key usage 'sign'"] = { names = "a", key_usage = "sign" },
      ["'not_after' is before"] = { names = "a", not_after = 5 },
      ["an other name is written"] = { names = "otherName:1.2.3;x" }, ["'key_usage'"] = { key_usage = true },
      ["no object identifier"] = { names = "RID:1.2.3." }, ["'purpose'"] = { purpose = "servr" },
    } do
      assert.error_matches(function() root:issue(options) end, wanted, 1, true)
    end
  end)
end)
