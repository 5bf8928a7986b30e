-- bearssl.store: where anchors come from, the system's places, reading again, and what goes wrong.
local authority = require "spec.support.authority"
local bearssl = require "bearssl"
local core = require "bearssl.core"
local der = require "spec.support.der"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"
local store = require "bearssl.store"
local validation = require "spec.support.validation"
local x509 = require "bearssl.x509"

local root, other, third = authority.root(), authority.root { name = "other" }, authority.root { name = "third" }
local leaf, other_leaf = authority.leaf("leaf", root), authority.leaf("leaf", other)

local folder

local function write(name, text)
  local path = folder .. "/" .. name
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
  return path
end

local function run(command) assert(os.execute(command), command) end

before_each(function()
  folder = os.tmpname()
  os.remove(folder)
  run("mkdir " .. folder)
end)
after_each(function() run("rm -rf " .. folder) end)

local function trusts(trusted, chain_leaf) return (validation.verify(trusted, { chain_leaf })) ~= nil end

local function fails(code, what)
  local made, err = store(what)
  assert.is_nil(made)
  assert.equal(code, err.code, tostring(err))
  return err
end

describe("a store", function()
  it("is made of PEM, DER, files, folders, certificates and lists of them", function()
    local pem, folder_of_two = write("root.pem", root.pem), folder .. "/two"
    local binary = write("root.der", root.der)
    run("mkdir " .. folder_of_two)
    write("two/a.pem", root.pem)
    write("two/b.crt", other.der)
    for _, case in ipairs {
      { root.pem, 1 }, { root.der, 1 }, { pem, 1 }, { binary, 1 }, { folder_of_two, 2 }, { { pem, other.pem }, 2 },
      { root.pem .. other.pem, 2 }, { root.der .. other.der, 2 }, { x509.parse(root.pem), 1 },
      { x509.parse(root.pem .. other.pem), 2 }, { { { folder_of_two }, x509.parse(third.der)[1] }, 3 },
    } do
      local made = assert(store(case[1]))
      assert.equal(case[2], #made)
      assert.equal(case[2], made:size())
      assert.is_true(trusts(made, leaf))
      assert.equal(case[2] > 1, trusts(made, other_leaf))
    end
  end)

  it("is empty where nothing was given, and trusts nobody", function()
    local made = assert(store {})
    assert.equal(0, #made)
    assert.same({}, made:subjects())
    assert.is_false(trusts(made, leaf))
  end)

  it("takes a certificate once", function()
    local made = assert(store { root.pem, root.der, root.pem .. root.pem })
    assert.equal(1, #made)
    assert.equal(0, made:add(root.pem))
    assert.equal(1, made:add { other.pem, root.pem })
    assert.equal(2, #made)
  end)

  it("reads PEM with text around, other blocks, CRLF, no line's end at the end, odd lines", function()
    local odd = root.pem:gsub("(%-%-\n)(.*)(\n%-%-)", function(a, base64, b)
      return a .. base64:gsub("%s", ""):gsub(("."):rep(7), "%0\r\n ") .. b
    end)
    local key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    for _, text in ipairs { "# comment\n" .. key .. root.pem .. "text\n" .. key, root.pem:gsub("\n", "\r\n"),
      root.pem:sub(1, -2), odd, (root.pem:gsub("CERTIFICATE", "X509 CERTIFICATE")) } do
      assert.is_true(trusts(assert(store(text)), leaf))
    end
  end)

  it("gives the subjects of its anchors", function()
    local made = assert(store(root.pem .. other.pem))
    assert.same({ "CN=root", "CN=other" }, made:subjects())
  end)

  it("prints, closes, and says that it is closed", function()
    local made = assert(store(root.pem))
    assert.equal("bearssl.store: 1 anchors", tostring(made))
    assert.is_true(core.is_store(made))
    made:close()
    made:close()
    assert.equal("bearssl.store: closed", tostring(made))
    for _, method in ipairs { "add", "verify", "reload", "size", "subjects", "generation" } do
      local ok, message = pcall(made[method], made, root.pem)
      assert.is_false(ok)
      assert.truthy(message:find("closed", 1, true), message)
    end
  end)

  it("goes on for the configs that have it when it is closed", function()
    local made = assert(store(pki.root.p256))
    local client = assert(bearssl.client { trust = made, time = pair.time })
    made:close()
    local p = pair.new(client, pair.server_config())
    p:run()
    assert.is_nil(p.client_err)
    assert.equal(3, #p.client:verified_chain())
  end)

  it("keeps what it gave for longer than itself", function()
    local made = assert(store(root.pem))
    local path = validation.accepts(made, { leaf })
    made:close()
    assert.equal(root.der, path[2]:der())
  end)

  it("finds anchors by name among many", function()
    local text, leaves = {}, {}
    for i = 1, 300 do
      local each = authority.root { name = "many" .. i, subject = "many" .. i % 100 } -- three to a name
      text[i], leaves[i] = each.der, authority.leaf("leaf", each)
    end
    local made = assert(store(table.concat(text)))
    assert.equal(300, #made)
    for i = 1, 300, 17 do assert.is_true(trusts(made, leaves[i])) end
    assert.is_false(trusts(made, leaf))
  end)

  it("compares subjects by RFC 5280 section 7.1", function()
    local function named(value) return authority.root { subject = { { "2.5.4.10", value } }, key = "same" } end
    local made = assert(store(named(der.printable "Some  Organization").der))
    for _, value in ipairs { der.utf8 "some organization", der.element(0x1e, (("SOME ORGANIZATION"):gsub(".", "\0%0"))),
      der.element(0x14, " Some Organization "), der.ia5 "some ORGANIZATION" } do
      assert.is_true(trusts(made, authority.leaf("leaf", named(value))))
    end
    assert.is_false(trusts(made, authority.leaf("leaf", named(der.utf8 "someorganization"))))
  end)
end)

describe("what is no store", function()
  it("is named with its file", function()
    local err = fails("file", folder .. "/missing.pem")
    assert.truthy(err.message:find("missing.pem", 1, true))
    fails("no_certificates", write("empty.pem", ""))
    fails("no_certificates", write("text.pem", "hello\n"))
    fails("no_certificates", (root.pem:gsub("CERTIFICATE", "TRUSTED CERTIFICATE")))
    err = fails("pem", write("broken.pem", root.pem:sub(1, 300)))
    assert.truthy(tostring(err):find("broken.pem", 1, true))
    fails("pem", write("bad64.pem", (root.pem:gsub("M", "*", 3))))
    err = fails("bad_certificate", write("short.pem", root.pem .. der.pem(other.der:sub(1, 20))))
    assert.truthy(tostring(err):find("certificate 2", 1, true), tostring(err))
    fails("der", write("cut.der", root.der:sub(1, -2)))
    fails("der", root.der .. "x")
    run("mkdir " .. folder .. "/empty")
    fails("no_certificates", { root.pem, folder .. "/empty" })
    fails("file", "\0" .. folder)
  end)

  it("is refused whole: what was there stays", function()
    local made = assert(store(root.pem))
    for _, what in ipairs { folder .. "/missing", other.pem:sub(1, 300), root.der .. "x", folder } do
      local count, err = made:add(what)
      assert.is_nil(count)
      assert.truthy(err.code)
      assert.equal(1, #made)
      assert.is_true(trusts(made, leaf))
    end
  end)

  it("raises where the programmer is wrong", function()
    for _, what in ipairs { 5, true, "", { 5 }, { partial = true }, { partial_chain = 1 }, { distrusted = { "x" } },
      { watch = "yes" }, { root.pem, distrusted = "x" } } do
      assert.has_error(function() store(what) end)
    end
    local _, message = pcall(function() return (store { partial_chian = true }) end)
    assert.truthy(message:find("did you mean 'partial_chain'?", 1, true), message)
    assert.truthy(message:find("^spec/store_spec.lua"), message)
  end)
end)

describe("a folder", function()
  it("gives the certificates of its files and passes over the rest", function()
    write("a.pem", root.pem)
    write("README", "no certificate")
    write("broken.pem", root.pem:sub(1, 300))
    write(".hidden.pem", third.pem)
    write("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    write("half.pem", other.pem .. der.pem "nothing" .. other.pem)
    run(("mkdir %s/inner && cd %s && ln -s a.pem 12345678.0 && ln -s nowhere b.pem"):format(folder, folder))
    write("inner/c.pem", third.pem)
    local made = assert(store(folder))
    assert.equal(2, #made)
    assert.is_true(trusts(made, leaf))
    assert.is_true(trusts(made, other_leaf))
  end)

  it("gives what links lead to: in it by another name, hidden in it, and elsewhere", function()
    run(("mkdir %s/elsewhere %s/all"):format(folder, folder))
    write("elsewhere/one.pem", root.pem)
    write("all/.hidden.pem", other.pem)
    write("all/three.pem", third.pem)
    run(("cd %s/all && ln -s ../elsewhere/one.pem 00000001.0 && ln -s .hidden.pem 00000002.0"):format(folder))
    run(("cd %s/all && ln -s three.pem 00000003.0 && ln -s 00000003.0 again && ln -s ./three.pem more"):format(folder))
    local made = assert(store(folder .. "/all"))
    assert.equal(3, #made)
    assert.is_true(trusts(made, leaf))
    assert.is_true(trusts(made, other_leaf))
  end)

  it("does not wait for what is no file, and passes over what is too large", function()
    run("mkfifo " .. folder .. "/fifo")
    run("truncate -s 17M " .. folder .. "/large")
    write("a.pem", root.pem)
    assert.equal(1, #assert(store(folder)))
  end)
end)

-- In a process of its own, for the environment is the C library's.
local function system(environment)
  local script = [[local store = require "bearssl.store" local made, err = store "system"
    print(made and #made or err.code, made and made:subjects()[1] or err.hint)]]
  local command = ("env -u SSL_CERT_FILE -u SSL_CERT_DIR %s %s -e '%s'")
    :format(environment, os.getenv "LUA" or "lua5.4", script)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a":match "^(%S+)\t(.*)\n"
end

describe("the system's anchors", function()
  it("are those of SSL_CERT_FILE and SSL_CERT_DIR", function()
    local one, two = write("one.pem", root.pem .. other.pem), folder .. "/two"
    run("mkdir " .. two)
    write("two/third.pem", third.pem)
    assert.same({ "2", "CN=root" }, { system("SSL_CERT_FILE=" .. one) })
    assert.same({ "1", "CN=third" }, { system("SSL_CERT_DIR=" .. two) })
    assert.same({ "3", "CN=root" }, { system(("SSL_CERT_FILE=%s SSL_CERT_DIR=%s"):format(one, two)) })
    assert.same({ "3", "CN=third" }, { system(("SSL_CERT_DIR=%s:%s"):format(two, folder)) })
  end)

  it("fail where these name none", function()
    assert.equal("file", (system("SSL_CERT_FILE=" .. folder .. "/none")))
    local empty = write("empty.pem", "nothing")
    local code, hint = system("SSL_CERT_FILE=" .. empty)
    assert.equal("no_certificates", code)
    assert.truthy(hint:find("ca-certificates", 1, true))
  end)

  it("are in Debian's bundle: each of them parses and can anchor", function()
    local made = assert(store "/etc/ssl/certs/ca-certificates.crt")
    local all = assert(x509.load "/etc/ssl/certs/ca-certificates.crt")
    assert.is_true(#made > 100)
    assert.equal(#all, #made)
    assert.equal(tostring(#all), (system ""))
    for _, each in ipairs(all) do -- within its own dates, and whatever usage it has
      local path, err = made:verify({ each }, { purpose = "any", time = each.not_before })
      assert(path, err)
    end
  end)
end)

describe("reading again", function()
  it("takes what the files have now, and keeps texts", function()
    local path = write("anchors.pem", root.pem)
    local made = assert(store { path, third.pem })
    local generation = made:generation()
    write("anchors.pem", other.pem)
    assert.is_true(trusts(made, leaf))
    assert.is_true(made:reload())
    assert.equal(2, #made)
    assert.is_false(trusts(made, leaf))
    assert.is_true(trusts(made, other_leaf))
    assert.is_true(trusts(made, authority.leaf("leaf", third)))
    assert.is_true(made:generation() > generation)
  end)

  it("leaves all as it was where that fails", function()
    local path = write("anchors.pem", root.pem)
    local made = assert(store(path))
    for _, text in ipairs { "", other.pem:sub(1, 300), "nothing" } do
      write("anchors.pem", text)
      local ok, err = made:reload()
      assert.is_nil(ok)
      assert.truthy(err.code)
      assert.is_true(trusts(made, leaf))
    end
    os.remove(path)
    assert.is_nil((made:reload()))
    assert.is_true(trusts(made, leaf))
  end)

  it("is done by a watched store when a file has changed, looked at once for each second", function()
    local path = write("anchors.pem", root.pem)
    local made, still = assert(store { path, watch = true }), assert(store { path })
    local now = validation.now
    local function known(trusted, time) return (validation.verify(trusted, { other_leaf }, { time = time })) ~= nil end
    assert.is_false(known(made, now))
    write("anchors.pem", root.pem .. other.pem)
    assert.is_false(known(made, now))
    assert.is_true(known(made, now + 1))
    assert.is_false(known(still, now + 1))
    os.rename(path, path .. ".old")
    assert.is_true(known(made, now + 2))
    write("new.pem", third.pem)
    os.rename(folder .. "/new.pem", path)
    assert.is_false(known(made, now + 3))
  end)

  it("is done by a watched store when a folder has a new file", function()
    write("a.pem", root.pem)
    local made = assert(store { folder, watch = true })
    assert.equal(1, #made)
    write("b.pem", other.pem)
    assert.is_true((validation.verify(made, { other_leaf }, { time = validation.now + 5 })) ~= nil)
  end)
end)
