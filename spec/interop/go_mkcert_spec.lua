-- What mkcert makes, accepted and read by Go (crypto/x509, x/crypto/ocsp), for `make interop`: certificates of every
-- purpose, their keys, requests, CRLs and OCSP responses, of every kind of key that Go has. What it reads is what we
-- read; and what it should refuse it refuses, so that it does look.
local base64 = require "mime".b64
local core = require "bearssl.core"
local crl = require "bearssl.x509.crl"
local json = require "dkjson"
local mkcert = require "bearssl.mkcert"
local ocsp = require "bearssl.x509.ocsp"

local kinds = { -- Go's names; of RSASSA-PSS alone it has no keys
  ["rsa-2048"] = "RSA", ["rsa-3072"] = "RSA", ["P-256"] = "ECDSA", ["P-384"] = "ECDSA", ["P-521"] = "ECDSA",
  ed25519 = "Ed25519",
}
local NOON <const> = 1735732800 -- 2025-01-01T12:00:00Z
local codes = { key_compromise = 1, certificate_hold = 6 }

local dir, questions, checks = nil, {}, {}

-- A question, and what is to be said of the answer.
local function ask(question, check)
  for _, name in ipairs { "der", "root", "leaf" } do question[name] = question[name] and base64(question[name]) end
  for i, der in ipairs(question.chain or {}) do question.chain[i] = base64(der) end
  questions[#questions + 1], checks[#checks + 1] = json.encode(question), check
end

local function written(key)
  local path = ("%s/%d.key"):format(dir, #questions)
  assert(key:save(path, true))
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function nothing(list) return list == json.null or list == nil or #list == 0 end

-- Of GeneralNames, those of a type, as text.
local function names(extension, type)
  local list = {}
  for _, name in ipairs(extension and extension.value or {}) do
    if name.type == type then list[#list + 1] = tostring(name.value) end
  end
  return list
end

local function same_list(ours, theirs)
  if #ours == 0 then return assert.is_true(nothing(theirs)) end
  assert.same(ours, { table.unpack(theirs) })
end

local function locations(extension, method)
  local list = {}
  for _, each in ipairs(extension and extension.value or {}) do
    if each.method == method then list[#list + 1] = each.location.value end
  end
  return list
end

local function points(extension)
  local list = {}
  for i, point in ipairs(extension and extension.value or {}) do list[i] = point.full_name[1].value end
  return list
end

local function same_certificate(certificate, go, kind)
  assert.is_nil(go.refused)
  local extensions = certificate.extensions
  assert.same({ tostring(certificate.subject), tostring(certificate.issuer), certificate.not_before,
    certificate.not_after, kinds[kind] }, { go.subject, go.issuer, go.not_before, go.not_after, go.key })
  assert.equal(certificate.serial:gsub("^0+", ""), go.serial:gsub("^0+", ""))
  assert.equal(extensions.basic_constraints.value.ca, go.ca)
  assert.equal(extensions.subject_key_identifier.value, go.own)
  assert.equal(extensions.authority_key_identifier.value.key_identifier, go.authority)
  same_list(names(extensions.subject_alt_name, "dns_name"), go.dns)
  same_list(names(extensions.subject_alt_name, "ip_address"), go.ip)
  same_list(names(extensions.subject_alt_name, "rfc822_name"), go.email)
  same_list(names(extensions.subject_alt_name, "uri"), go.uri)
  same_list(locations(extensions.authority_info_access, "ocsp"), go.ocsp)
  same_list(locations(extensions.authority_info_access, "ca_issuers"), go.ca_issuers)
  same_list(points(extensions.crl_distribution_points), go.crl)
  assert.equal(0, go.unknown)
end

local function certificates(kind, root)
  local middle = assert(mkcert.authority { name = "CN=Middle,O=Ex", key = kind, issuer = root,
    permitted = { "example.com" }, excluded = { "example.org" } })
  local chain = { middle.certificate:der() }
  local function leaf(options, usage, name, more)
    options.key = kind
    local issued = assert(middle:issue(options))
    local question = { what = "certificate", der = issued.certificate:der(), root = root.certificate:der(),
      chain = { table.unpack(chain) }, usage = usage, name = name, key = written(issued.key) }
    ask(question, function(go)
      same_certificate(issued.certificate, go, kind)
      if more then more(go) end
    end)
    return issued
  end
  ask({ what = "certificate", der = middle.certificate:der(), root = root.certificate:der(), usage = "any",
    key = written(middle.key) }, function(go)
      same_certificate(middle.certificate, go, kind)
      assert.same({ { "example.com" }, { "example.org" }, 0 },
        { { table.unpack(go.permitted) }, { table.unpack(go.excluded) }, go.path_length })
    end)
  local server = leaf({
    names = { "www.example.com", "*.example.com", "192.0.2.1", "2001:db8::1" }, must_staple = true,
    crl = { "http://c.example/1", "http://c.example/2" }, ocsp = "http://o.example/", policies = "1.2.3.4.5",
    ca_issuers = { "http://i.example/1", "http://i.example/2" },
  }, "server", "www.example.com", function(go) assert.same({ "1.2.3.4.5" }, { table.unpack(go.policies) }) end)
  leaf({ names = { "me@example.com", "https://example.com/me" }, purpose = { "client", "email" } }, "client")
  local responder = leaf({ subject = "CN=OCSP", purpose = "ocsp" }, "ocsp")
  return middle, server, responder
end

local function refusals(root, middle, server)
  local function refused(question, what)
    ask(question, function(go) assert.matches(what, go.refused or "accepted") end)
  end
  local function about(der, name, usage)
    return { what = "certificate", der = der, root = root.certificate:der(), chain = { middle.certificate:der() },
      name = name, usage = usage }
  end
  local der = server.certificate:der()
  refused(about(der, "other.example"), "not other.example")
  refused(about(der, "www.example.com", "client"), "incompatible key usage")
  refused(about(der:sub(1, -2) .. string.char(der:byte(-1) ~ 1), "www.example.com", "server"), ".")
  refused(about(assert(middle:issue { names = "elsewhere.example" }).certificate:der(), "", "server"), "not permitted")
  refused(about(assert(middle:issue { names = "a.example.com", extensions = {
    { oid = "1.2.3.99", critical = true, value = "\5\0" } } }).certificate:der(), "", "server"), "unhandled critical")
end

local function requests(kind)
  for _, options in ipairs { { subject = "CN=a,O=Ex", names = { "a.example", "192.0.2.1", "me@a.example", "urn:x" },
    must_staple = true }, { names = "a.example" }, { subject = "CN=none" } } do
    options.key = kind
    local made = assert(mkcert.request(options))
    local read = assert(core.parse_request(made.der))
    ask({ what = "request", der = made.der, key = written(made.key) }, function(go)
      assert.is_nil(go.refused)
      assert.same({ tostring(read.name), #read.extensions }, { go.subject, go.extensions })
      same_list(options.names and { "a.example" } or {}, go.dns)
      same_list(options.must_staple and { "192.0.2.1" } or {}, go.ip)
      same_list(options.must_staple and { "me@a.example" } or {}, go.email)
    end)
  end
end

local function lists(issuer, revoked)
  for _, options in ipairs { {}, { number = 258, this_update = NOON, next_update = 2524607999 } } do
    local made = assert(issuer:crl(options))
    local read = assert(crl.parse(made.der))[1]
    ask({ what = "crl", der = made.der, root = issuer.certificate:der() }, function(go)
      assert.is_nil(go.refused)
      assert.same({ tostring(read.issuer), read.crl_number, read.this_update, read.next_update,
        read.authority_key_identifier }, { go.issuer, tostring(go.number), go.this_update, go.next_update,
        go.authority })
      assert.equal(revoked, #go.entries)
      for i, entry in ipairs(go.entries) do
        local own = read:entry(i)
        assert.same({ own.serial, own.revocation_date, codes[own.reason] or 0 },
          { entry.serial, entry.time, entry.reason })
      end
    end)
  end
end

local function same_answer(own, read, go, is_delegated)
  assert.is_nil(go.refused)
  assert.same({ own.status, own.serial, own.this_update, own.next_update, read.produced_at, own.revocation_date,
    read.responder_key_hash, is_delegated }, { go.status, go.serial, go.this_update, go.next_update, go.produced_at,
    go.time, go.responder, go.delegated })
  assert.equal(own.reason and codes[own.reason], go.reason ~= 0 and go.reason or nil)
end

-- Go's package for OCSP has no Ed25519: it says so, once it has read all else.
local function responses(issuer, about, responder, is_unknown)
  for _, options in ipairs { {}, { responder = responder }, { id_hash = "sha256", nonce = "a nonce" },
    { status = "unknown" }, { this_update = NOON, next_update = NOON + 3600 } } do
    local made = assert(issuer:ocsp(about, options))
    local read = assert(ocsp.parse(made))
    for i, certificate in ipairs(about) do
      local own = read.responses[i]
      ask({ what = "ocsp", der = made, root = issuer.certificate:der(), leaf = certificate:der() }, function(go)
        if is_unknown then return assert.matches("algorithm unimplemented", go.refused or "accepted") end
        same_answer(own, read, go, options.responder ~= nil)
      end)
    end
  end
end

describe("Go accepts what mkcert makes", function()
  local function answered(command)
    local path = dir .. "/questions"
    local file <close> = assert(io.open(path, "w"))
    assert(file:write(table.concat(questions, "\n"), "\n"))
    file:close()
    local pipe = assert(io.popen(command .. " <" .. path))
    local answers = {}
    for line in pipe:lines() do answers[#answers + 1] = json.decode(line) end
    assert(pipe:close(), "go run")
    return answers
  end

  setup(function()
    local pipe <close> = assert(io.popen "mktemp -d")
    dir = pipe:read "l"
  end)
  teardown(function() os.execute("rm -r " .. dir) end)

  for kind in pairs(kinds) do
    it("of keys of kind " .. kind, function()
      questions, checks = {}, {}
      local root = assert(mkcert.authority { name = "CN=Root,O=Ex", key = kind })
      local middle, server, responder = certificates(kind, root)
      refusals(root, middle, server)
      requests(kind)
      local held = assert(middle:issue { names = "held.example.com" }).certificate
      local gone = assert(middle:issue { names = "gone.example.com" }).certificate
      lists(root, 0)
      middle:revoke(server.certificate, { reason = "key_compromise", time = NOON })
      middle:revoke(held, { reason = "certificate_hold", time = NOON })
      middle:revoke(gone, { time = NOON })
      lists(middle, 3)
      responses(middle, { server.certificate, gone, responder.certificate }, responder, kind == "ed25519")
      local answers = answered "cd spec/interop/mkcert && GOTOOLCHAIN=local go run ."
      assert.equal(#questions, #answers)
      assert.is_true(#answers > 25)
      for i, check in ipairs(checks) do check(answers[i]) end
    end)
  end
end)
