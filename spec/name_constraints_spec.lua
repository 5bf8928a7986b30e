-- nameConstraints (RFC 5280 section 4.2.1.10): each kind of name, permitted and excluded, and where they bind.
local authority = require "spec.support.authority"
local der = require "spec.support.der"
local validation = require "spec.support.validation"

local accepts, refuses = validation.accepts, validation.refuses

local root = authority.root()

local function dn(...) -- organization, unit, ...
  local rdns = {}
  for i, value in ipairs { ... } do rdns[i] = { i == 1 and "2.5.4.10" or "2.5.4.11", der.utf8(value) } end
  return der.name(rdns)
end

-- Is a leaf with this one name, and no subject, allowed below a CA with this one subtree?
local function allowed(which, base, name)
  local ca = authority.ca("constrained", root, { [which] = { base } })
  local leaf = authority.leaf("leaf", ca, { subject = der.sequence(), names = { name }, names_critical = true })
  local path, err = validation.verify({ root }, { leaf, ca }, { purpose = "any" })
  if not path then assert.equal("name_constraint", err.code, tostring(err)) end
  return path ~= nil, err
end

-- base; names within; names outside. Names "within" are permitted by it and excluded by it.
local rows = {
  { "DNS:example.com", { "DNS:example.com", "DNS:a.example.com", "DNS:a.b.EXAMPLE.com", "DNS:*.example.com",
      "DNS:example.com." },
    { "DNS:example.org", "DNS:notexample.com", "DNS:com", "DNS:example.com.org", "DNS:", "DNS:." } },
  { "DNS:Example.COM.", { "DNS:example.com", "DNS:a.example.com" }, { "DNS:xexample.com" } },
  { "DNS:.example.com", { "DNS:a.example.com", "DNS:*.a.example.com" }, { "DNS:example.com", "DNS:aexample.com" } },
  { "DNS:", { "DNS:example.com", "DNS:x" }, {} },
  { "DNS:.", { "DNS:example.com", "DNS:x" }, {} },
  { "IP:10.0.0.0/8", { "IP:10.0.0.0", "IP:10.255.255.255" }, { "IP:11.0.0.0", "IP:9.255.255.255" } },
  { "IP:192.0.2.128/25", { "IP:192.0.2.128", "IP:192.0.2.255" }, { "IP:192.0.2.127", "IP:192.0.3.128" } },
  { "IP:192.0.2.1/32", { "IP:192.0.2.1" }, { "IP:192.0.2.2" } },
  { "IP:0.0.0.0/0", { "IP:1.2.3.4", { 0x87, ("\0"):rep(10) .. "\xff\xff\1\2\3\4" } }, { { 0x87, ("\1"):rep(16) } } },
  { { 0x87, "\x20\1" .. ("\0"):rep(14) .. "\xff\xff" .. ("\0"):rep(14) }, { { 0x87, "\x20\1" .. ("\7"):rep(14) } },
    { { 0x87, "\x20\2" .. ("\0"):rep(14) }, "IP:32.1.0.0" } },
  { "email:example.com", { "email:a@example.com", "email:A@EXAMPLE.COM", 'email:"a@b"@example.com' },
    { "email:a@b.example.com", "email:a@example.org", "email:a@xexample.com" } },
  { "email:.example.com", { "email:a@b.example.com", "email:a@c.b.example.com" },
    { "email:a@example.com", "email:a@bexample.com" } },
  { "email:me@example.com", { "email:me@example.com", "email:me@Example.com" },
    { "email:Me@example.com", "email:you@example.com", "email:me@a.example.com" } },
  { "URI:example.com", { "URI:http://example.com/", "URI:https://u:p@EXAMPLE.com:443/a?b#c", "URI:ftp://example.com" },
    { "URI:http://a.example.com/", "URI:http://example.org/example.com", "URI:http://example.com@evil.example/" } },
  { "URI:.example.com", { "URI:http://a.example.com/", "URI:http://a.b.example.com/" },
    { "URI:http://example.com/", "URI:http://xexample.com" } },
  { "DN:" .. dn("O", "U"), { "DN:" .. dn("O", "U"), "DN:" .. dn("o", "u", "V"), "DN:" .. dn(" O ", "U", "V", "W") },
    { "DN:" .. dn "O", "DN:" .. dn("O", "V"), "DN:" .. dn("U", "O"), "DN:" .. dn("O", "UV") } },
  { "DN:" .. der.sequence(), { "DN:" .. dn "O" }, {} },
}

-- Names that have no host to compare: refused by either kind of subtree.
local unreadable = {
  { "URI:example.com", { "URI:mailto:a@b.example", "URI:urn:x", "URI:http://10.0.0.1/", "URI:http://[::1]/",
    "URI:http:///path", "URI:http://a%2eexample.org/", "URI:example.com" } },
  { "email:example.com", { "email:nobody", "email:@example.org", "email:a@", "email:a@ex\u{e4}mple.org",
      "email:a@b\0" } },
}

local function show(name)
  if type(name) == "table" then return ("[%d] %d octets"):format(name[1] & 0x1f, #name[2]) end
  return (name:gsub("[^ -~]", ""))
end

describe("a subtree", function()
  for _, row in ipairs(rows) do
    local base, within, outside = row[1], row[2], row[3]
    it(show(base), function()
      for _, name in ipairs(within) do
        assert(allowed("permitted", base, name), show(name))
        local ok, err = allowed("excluded", base, name)
        assert(not ok, show(name))
        assert.equal("nameConstraints.excludedSubtrees", err.where)
      end
      for _, name in ipairs(outside) do
        local ok, err = allowed("permitted", base, name)
        assert(not ok, show(name))
        assert.equal("nameConstraints.permittedSubtrees", err.where)
        assert(allowed("excluded", base, name), show(name))
      end
    end)
  end

  it("refuses a name of its kind that has no host", function()
    for _, row in ipairs(unreadable) do
      for _, name in ipairs(row[2]) do
        assert(not allowed("permitted", row[1], name), name)
        assert(not allowed("excluded", row[1], name), name)
      end
    end
  end)

  it("refuses a wildcard that may stand for what is excluded, and permits none that may stand for more", function()
    assert(not allowed("excluded", "DNS:a.example.com", "DNS:*.example.com"))
    assert(allowed("excluded", "DNS:b.a.example.com", "DNS:*.example.com"))
    assert(allowed("excluded", "DNS:.a.example.com", "DNS:*.example.com"))
    assert(not allowed("permitted", "DNS:a.example.com", "DNS:*.example.com"))
    assert(not allowed("excluded", "DNS:.example.com", "DNS:*.example.com"))
  end)

  it("says nothing of names of other kinds", function()
    for _, base in ipairs { "DNS:example.com", "IP:10.0.0.0/8", "email:example.com", "URI:example.com", "DN:o" } do
      for _, name in ipairs { "DNS:x.org", "IP:1.1.1.1", "email:a@x.org", "URI:http://x.org/", "RID:1.2.3" } do
        if base:match "^%a+" ~= name:match "^%a+" then
          assert(allowed("permitted", base, name), base .. name)
          assert(allowed("excluded", base, name), base .. name)
        end
      end
    end
  end)

  it("of a kind that is not understood refuses names of that kind, and no others", function()
    local other_name = { 0xa0, der.oid "1.2.3" .. der.context(0, der.utf8 "x") }
    for _, name in ipairs { other_name, "RID:1.2.3" } do
      assert(not allowed("permitted", name, name))
      assert(not allowed("excluded", name, name))
      assert(allowed("permitted", name, "DNS:a.example"))
      assert(allowed("excluded", name, "DNS:a.example"))
    end
  end)
end)

local function under(constraints, leaf)
  local ca = authority.ca("constrained", root, constraints)
  return { root }, { authority.leaf("leaf", ca, leaf), ca }
end

describe("constraints", function()
  it("that do not decode, or cannot be applied, refuse all that is below", function()
    local function raw(...) return { extensions = { der.extension("2.5.29.30", der.sequence(...), true) } } end
    local dns = der.implicit(2, "leaf.example")
    for what, constraints in pairs {
      minimum = raw(der.context(0, der.sequence(dns, der.implicit(0, "\1")))),
      maximum = raw(der.context(0, der.sequence(dns, der.implicit(1, "\5")))),
      nothing = raw(),
      trailing = raw(der.context(0, der.sequence(dns)), der.null),
      ["a base that is no name"] = raw(der.context(0, der.sequence(der.null))),
      ["a mask with holes"] = { permitted = { { 0x87, "\10\0\0\0\255\0\255\0" } } },
      ["an address without mask"] = { excluded = { { 0x87, "\10\0\0\0" } } },
      ["an address of no kind"] = { excluded = { { 0x87, ("\0"):rep(10) } } },
    } do
      local path, err = validation.verify(under(constraints))
      assert.is_nil(path, what)
      assert.truthy(err.code == "name_constraint" or err.code == "bad_certificate", tostring(err))
    end
  end)

  it("bind whether they are critical or not", function()
    refuses("name_constraint", under { permitted = { "DNS:other.example" }, constraints_critical = false })
    refuses("name_constraint", under { permitted = { "DNS:other.example" } })
  end)

  it("bind each name, and name the one that is wrong", function()
    local names = { "DNS:a.example", "DNS:b.example", "DNS:c.org" }
    local err = refuses("name_constraint", under({ permitted = { "DNS:a.example", "DNS:b.example" } },
      { names = names }))
    assert.truthy(err.message:find("dNSName c.org is not permitted by CN=constrained", 1, true), err.message)
    err = refuses("name_constraint", under({ excluded = { "DNS:x", "DNS:org" } }, { names = names }))
    assert.truthy(err.message:find("dNSName c.org is excluded, by dNSName org of CN=constrained", 1, true), err.message)
    assert.equal("bad_certificate", err.alert)
    accepts(under({ permitted = { "DNS:example", "DNS:org" }, excluded = { "DNS:d.org" } }, { names = names }))
    refuses("name_constraint", under({ permitted = { "DNS:example", "DNS:org" }, excluded = { "DNS:c.org" } },
      { names = names }))
  end)

  it("bind the subject and its mail addresses", function()
    local function subject(...) return { subject = der.name { ... }, names = { "DNS:leaf.example" } } end
    local o, mail = { "2.5.4.10", der.utf8 "O" }, { "1.2.840.113549.1.9.1", der.ia5 "a@example.com" }
    accepts(under({ permitted = { "DN:" .. dn "O" } }, subject(o)))
    refuses("name_constraint", under({ permitted = { "DN:" .. dn "P" } }, subject(o)))
    refuses("name_constraint", under({ excluded = { "DN:" .. dn "O" } }, subject(o, mail)))
    accepts(under({ permitted = { "email:example.com" } }, subject(o, mail)))
    refuses("name_constraint", under({ permitted = { "email:example.org" } }, subject(o, mail)))
    refuses("name_constraint", under({ excluded = { "email:example.com" } }, subject(o, mail)))
    local wide = { "1.2.840.113549.1.9.1", der.element(0x1e, ("a@example.com"):gsub(".", "\0%0")) } -- BMPString
    refuses("name_constraint", under({ excluded = { "email:example.com" } }, subject(o, wide)))
    refuses("name_constraint", under({ permitted = { "email:example.com" } }, subject(o, wide)))
    accepts(under({ excluded = { "email:example.org" } }, subject(o, { wide[1], der.utf8 "a@example.com" })))
    accepts(under({ permitted = { "DN:" .. dn "P" } }, { subject = der.sequence(), names_critical = true }))
  end)

  it("of rfc822Name bind SmtpUTF8Mailbox (RFC 9598)", function()
    local function mailbox(value)
      return { names = { { 0xa0, der.oid "1.3.6.1.5.5.7.8.9" .. der.context(0, value) } } }
    end
    local own, other = mailbox(der.utf8 "ü@example.com"), mailbox(der.utf8 "ü@example.org")
    accepts(under({ permitted = { "email:example.com" } }, own))
    refuses("name_constraint", under({ permitted = { "email:example.com" } }, other))
    accepts(under({ excluded = { "email:example.com" } }, other))
    refuses("name_constraint", under({ excluded = { "email:example.com" } }, own))
    refuses("name_constraint", under({ excluded = { "email:example.com" } }, mailbox(der.ia5 "x@example.org")))
    refuses("name_constraint", under({ excluded = { "email:xn--exmple-cua.com" } },
      mailbox(der.utf8 "x@ex\u{e4}mple.com")))
    accepts(under({ permitted = { "DNS:x.example" } }, other))
  end)

  it("of every CA bind, the anchor's too", function()
    local top = authority.root { excluded = { "DNS:leaf.example" } }
    refuses("name_constraint", { top }, { authority.leaf("leaf", top) })
    local inner = authority.ca("inner", root, { permitted = { "DNS:example" } })
    local lower = authority.ca("lower", inner, { permitted = { "DNS:org", "DNS:leaf.example" } })
    accepts({ root }, { authority.leaf("leaf", lower), lower, inner })
    refuses("name_constraint", { root }, { authority.leaf("leaf", lower, { names = { "DNS:a.org" } }), lower, inner })
    refuses("name_constraint", { root }, { authority.leaf("x", lower, { names = { "DNS:x.example" } }), lower, inner })
  end)

  it("bind CAs, but not what a CA issues to itself, unless it is the leaf", function()
    local top = authority.ca("top", root, { permitted = { "DN:" .. dn "O" } })
    local outside = authority.ca("outside", top)
    refuses("name_constraint", { root }, { authority.leaf("leaf", outside, { subject = dn "O" }), outside, top })
    local again = authority.ca("top", top, { key = "new key" })
    accepts({ root }, { authority.leaf("leaf", again, { subject = dn "O" }), again, top })
    refuses("name_constraint", { root }, { authority.leaf("top", top, { key = "leaf" }), top })
  end)

  it("cost no more comparisons than are allowed", function()
    local names, subtrees = {}, {}
    for i = 1, 700 do names[i], subtrees[i] = ("DNS:n%d.example"):format(i), ("DNS:s%d.example"):format(i) end
    refuses("limit", under({ excluded = subtrees }, { names = names }))
    for i = 301, 700 do names[i], subtrees[i] = nil, nil end
    accepts(under({ excluded = subtrees }, { names = names }))
  end)
end)
