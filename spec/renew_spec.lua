-- bearssl.acme.renew: what it finds in the folder, when it is due, and what it leaves, against a server of ACME that
-- keeps to the RFC or does as it is told.
local acme = require "bearssl.acme"
local acme_server = require "spec.support.acme_server"
local ari = require "bearssl.acme.ari"
local core = require "bearssl.core"
local json = require "bearssl.https.json"
local keys = require "bearssl.key"
local mkcert = require "bearssl.mkcert"
local shell = require "spec.support.shell"
local x509 = require "bearssl.x509"

local against, honest, root = acme_server.against, acme_server.honest, acme_server.root

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local dir
before_each(function() dir = shell "mktemp -d":match "%C+" end)
after_each(function() shell("rm -r " .. dir) end)

local function options_at(base, more)
  local options = {
    directory = base .. "directory", trust = root.certificate:pem(), names = { "a.example" }, file = dir .. "/a.pem",
    account = dir .. "/account.key", responder = acme.dns(function() return true end),
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

-- Calls fn(renew, answers, asked, base) beside a server; renew(more) is acme.renew with these options.
local function beside(fn)
  return against(function(base, answers, asked)
    honest(base, answers)
    return fn(function(more) return acme.renew(options_at(base, more)) end, answers, asked, base)
  end)
end

local function listing()
  return (shell(("cd %s && ls -A"):format(dir)):gsub("%s+", " "))
end

-- The file's certificate, whose key is behind it.
local function current(path)
  local certificate = assert(x509.load(path or dir .. "/a.pem"))[1]
  assert(assert(keys.load(path or dir .. "/a.pem")):matches(certificate))
  return certificate
end

local function new_orders(asked)
  local n = 0
  for _, request in ipairs(asked) do n = n + (request.path == "new" and 1 or 0) end
  return n
end

local function begin(renew, answers, more)
  local finalize = answers.finalize
  answers.finalize = { status = 500, body = "" }
  assert.is_nil((renew(more)))
  assert.equal("a.pem.lock a.pem.new.key a.pem.state account.key ", listing())
  answers.finalize = finalize
end

describe("the key of an order under way", function()
  it("is gone on with", function()
    beside(function(renew, answers)
      begin(renew, answers)
      local pin = assert(keys.load(dir .. "/a.pem.new.key")).pin
      assert.equal("renewed", (assert(renew())))
      assert.equal(pin, current().pin)
      assert.equal("a.pem a.pem.lock account.key ", listing())
    end)
  end)

  it("is made anew where it is garbled, empty, another's or missing", function()
    for _, text in ipairs { "", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", false } do
      beside(function(renew, answers)
        shell(("rm -f %s/*"):format(dir))
        begin(renew, answers)
        if text then write(dir .. "/a.pem.new.key", text) else os.remove(dir .. "/a.pem.new.key") end
        assert.equal("renewed", (assert(renew())))
        current()
        assert.equal("a.pem a.pem.lock account.key ", listing())
      end)
    end
  end)

  it("is of the kind that is asked for now", function()
    for _, kind in ipairs { "P-384", "ed25519", "rsa-2048" } do
      beside(function(renew, answers)
        shell(("rm -f %s/*"):format(dir))
        begin(renew, answers)
        assert.equal("renewed", (assert(renew { key = kind })))
        local key = assert(keys.load(dir .. "/a.pem"))
        assert.equal(kind, key.curve and "P-384" or key.type == "rsa" and "rsa-" .. key.bits or key.type)
      end)
    end
  end)

  it("is made anew with the order, where the certificate is there already", function()
    beside(function(renew, answers, asked)
      local chain = answers.chain
      answers.chain = { status = 500 }
      assert.is_nil((renew()))
      answers.chain = chain
      write(dir .. "/a.pem.new.key", "garbage")
      assert.equal("renewed", (assert(renew())))
      assert.equal(2, new_orders(asked))
      current()
    end)
  end)
end)

describe("the order under way", function()
  it("is another one where names, profile or must_staple changed, or it is old", function()
    for what, more in pairs {
      same = {}, names = { names = { "a.example", "b.example" } }, profile = { profile = "short" },
      must_staple = { must_staple = true }, old = {}, future = {},
    } do
      beside(function(renew, answers, asked)
        shell(("rm -f %s/*"):format(dir))
        begin(renew, answers)
        local state = json.decode(read(dir .. "/a.pem.state"))
        if what == "old" then state.begun = state.begun - 8 * 86400 end
        if what == "future" then state.begun = state.begun + 86400 end
        write(dir .. "/a.pem.state", json.encode(state))
        assert(renew(more))
        assert.equal(what == "same" and 1 or 2, new_orders(asked))
      end)
    end
  end)

  it("is another one where the state is nonsense, or leads nowhere", function()
    for _, change in ipairs {
      function() return "{" end, function() return "[]" end, function() return ("["):rep(60000) end,
      function(state) state.order = "file:///etc/passwd" end, function(state) state.order = 5 end,
      function(state) state.begun = "x" end, function(state) state.version = 2 end,
      function(state) state.order = state.order .. "/none" end,
    } do
      beside(function(renew, answers, asked)
        shell(("rm -f %s/*"):format(dir))
        begin(renew, answers)
        local state = json.decode(read(dir .. "/a.pem.state"))
        write(dir .. "/a.pem.state", change(state) or json.encode(state))
        assert.equal("renewed", (assert(renew())))
        assert.equal(2, new_orders(asked))
      end)
    end
  end)
end)

it("what a run that was killed has answered a challenge with is taken away by the next one", function()
  beside(function(renew, answers)
    local webroot = acme.webroot(dir .. "/www")
    local killed = setmetatable({ remove = function() error "killed" end }, { __index = webroot })
    answers.authz.body.challenges = { { type = "http-01", token = "abc", url = "https://127.0.0.1:1/" },
      { type = "dns-01", token = "abc", url = "https://127.0.0.1:1/" } }
    answers.order = answers.order()
    answers.new = answers.new() -- which leaves the order as it is
    answers.order.body.status, answers.authz.body.status = "pending", "pending"
    assert.has_error(function() renew { responder = killed } end)
    assert.equal("abc\n", shell(("ls %s/www/.well-known/acme-challenge"):format(dir)))
    answers.order.body.status, answers.authz.body.status = "ready", "valid"
    assert(renew { responder = webroot })
    assert.equal("", shell(("ls %s/www/.well-known/acme-challenge"):format(dir)))
    answers.order.body.status = "ready"
    answers.finalize = { status = 500 }
    assert.is_nil((renew { force = true }))
    local calls = {}
    renew { force = true, responder = acme.dns(function(action, name) calls[#calls + 1] = action .. " " .. name end) }
    assert.same({ "remove _acme-challenge.a.example" }, calls)
  end)
end)

describe("the account's key", function()
  it("is one for two first runs at the same time", function()
    beside(function(renew)
      local real, other = mkcert.key, nil
      mkcert.key = function(kind) -- between the look for the file and its making
        mkcert.key = real
        other = assert(real())
        assert(other:save(dir .. "/account.key"))
        return real(kind)
      end
      local what, err = renew()
      mkcert.key = real
      assert(what, err)
      assert.equal(other.pin, assert(keys.load(dir .. "/account.key")).pin)
    end)
  end)

  it("that cannot be read is told, with what to do, and stays", function()
    beside(function(renew)
      for _, text in ipairs { "", "garbage" } do
        write(dir .. "/account.key", text)
        local ok, err = renew()
        assert.is_nil(ok)
        assert.matches("move the file away", err.hint)
        assert.equal(text, read(dir .. "/account.key"))
      end
    end)
  end)
end)

describe("FILE", function()
  it("without its key, or with another one, is not fresh and not replaced but by force", function()
    beside(function(renew)
      local issued = assert(root:issue { names = "a.example" })
      assert(mkcert.key():save(dir .. "/other"))
      for _, text in ipairs { issued.pem, issued.pem .. read(dir .. "/other"), issued.pem .. "garbage" } do
        write(dir .. "/a.pem", text)
        local ok, err = renew()
        assert.is_nil(ok)
        assert.matches("move it away", err.hint)
        assert.equal(text, read(dir .. "/a.pem"))
        assert.equal("renewed", (assert(renew { force = true })))
        current()
      end
    end)
  end)

  it("that is a symbolic link stays one, and what it leads to is replaced", function()
    beside(function(renew)
      shell(("cd %s && mkdir live archive && ln -s ../archive/a1.pem live/a.pem && ln -s live/a.pem a.pem"):format(dir))
      for _ = 1, 2 do
        assert.equal("renewed", (assert(renew { force = true })))
        assert.equal("live/a.pem", core.read_link(dir .. "/a.pem"))
        assert.equal("../archive/a1.pem", core.read_link(dir .. "/live/a.pem"))
        assert.is_nil(core.read_link(dir .. "/archive/a1.pem"))
        assert.equal(current(dir .. "/archive/a1.pem"), current())
      end
      assert.equal("a1.pem a1.pem.lock ", (shell(("ls -A %s/archive"):format(dir)):gsub("%s+", " ")))
    end)
  end)

  it("that is a link to itself is told", function()
    beside(function(renew)
      shell(("ln -s a.pem %s/a.pem"):format(dir))
      local ok, err = renew()
      assert.is_nil(ok)
      assert.matches("symbolic links", err.message)
    end)
  end)
end)

describe("after", function()
  it("is called again until it succeeds, and not once more", function()
    beside(function(renew)
      local calls, outcome = {}, { nil, "no" }
      local function after(file)
        calls[#calls + 1] = file
        return table.unpack(outcome, 1, 2)
      end
      local what, info = assert(renew { after = after })
      assert.same({ "renewed", "no" }, { what, info.after_error })
      assert.equal(current(), info.certificate)
      what, info = assert(renew { after = after })
      assert.same({ "fresh", "no" }, { what, info.after_error })
      outcome = { true }
      what, info = assert(renew { after = after })
      assert.same({ "fresh" }, { what, info.after_error })
      assert(renew { after = after })
      assert.same({ dir .. "/a.pem", dir .. "/a.pem", dir .. "/a.pem" }, calls)
      assert.equal("a.pem a.pem.lock account.key ", listing())
    end)
  end)

  it("that raises is called by the next run; and one that failed holds up no renewal", function()
    beside(function(renew)
      assert.has_error(function() renew { after = function() error "killed" end } end)
      local first = current()
      local called = 0
      local what = assert(renew { force = true, after = function()
        called = called + 1
        return nil, "no"
      end })
      assert.same({ "renewed", 2 }, { what, called })
      assert.not_equal(first.pin, current().pin)
      assert.equal("fresh", (assert(renew())))
      assert.equal("a.pem a.pem.lock account.key ", listing())
    end)
  end)
end)

describe("the time that the server suggests (RFC 9773)", function()
  local function iso(at, format) return os.date(format or "!%Y-%m-%dT%H:%M:%SZ", at) end

  -- info, asked of a fresh certificate where `answer` is said about it
  local function told(answer)
    return beside(function(renew, answers, asked, base)
      answers.directory.body.renewalInfo = base .. "ari"
      local _, first = assert(renew())
      local path = asked[#asked].path
      answers[path] = answer
      local what, info = assert(renew { time = first.certificate.not_before })
      return info, what, path, first
    end)
  end

  it("is asked by the key identifier and the serial number (section 4.1)", function()
    local _, _, path, first = told { status = 404 }
    local identifier, serial = path:match "^ari/([%w_-]+)%.([%w_-]+)$"
    local function hex(text)
      local bytes = require "mime".unb64((text:gsub("[-_]", { ["-"] = "+", _ = "/" })) .. ("="):rep(-#text % 4))
      return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
    end
    assert.equal(first.certificate.extensions.authority_key_identifier.value.key_identifier:lower():gsub(":", ""),
      (hex(identifier)))
    assert.equal((first.certificate.serial:lower():gsub("^0+", "")), (hex(serial):gsub("^0+", "")))
  end)

  it("is asked about as RFC 9773's example has it, the serial number with its sign", function()
    local certificate = assert(root:issue { names = "a.example", serial = 0x87654321 }).certificate
    assert.matches("^[%w_-]+%.AIdlQyE$", ari.identifier(certificate))
    assert.equal("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", ari.identifier { serial = certificate.serial, extensions = {
      authority_key_identifier = { value = { key_identifier = "69885b6b87464041e1b37b847ba0ae2cde01c8d4" } } } })
  end)

  it("is believed of where a redirect leads, in HTTPS alone", function()
    local at = os.time() + 86400
    beside(function(renew, answers, asked, base)
      answers.directory.body.renewalInfo = base .. "ari"
      assert(renew())
      answers[asked[#asked].path] = { status = 302, headers = "Location: /elsewhere\r\n" }
      answers.elsewhere = { body = { suggestedWindow = { start = iso(at), ["end"] = iso(at) } } }
      assert.equal(at, select(2, assert(renew())).due)
    end)
  end)

  it("is somewhere in its window, in whichever offset it is written", function()
    local now = os.time()
    local from, to = now + 86400, now + 90000
    for _, window in ipairs {
      { iso(from), iso(to) },
      { iso(from + 7200, "!%Y-%m-%dT%H:%M:%S+02:00"), iso(to - 19800, "!%Y-%m-%dT%H:%M:%S-05:30") },
      { iso(from, "!%Y-%m-%dT%H:%M:%S.123456789Z"), iso(to, "!%Y-%m-%dt%H:%M:%S.5z") },
    } do
      local info = told { body = { suggestedWindow = { start = window[1], ["end"] = window[2] } },
        headers = "Retry-After: 21600\r\n" }
      assert.is_true(info.due >= from and info.due < to)
      assert.equal(21600, info.retry_after)
    end
  end)

  it("is asked for again after a minute at least, a day at most, whatever the server says", function()
    local window = { start = iso(os.time() + 86400), ["end"] = iso(os.time() + 90000) }
    for said, wanted in pairs { ["0"] = 60, ["604800"] = 86400 } do
      local info = told { body = { suggestedWindow = window }, headers = ("Retry-After: %s\r\n"):format(said) }
      assert.equal(wanted, info.retry_after)
    end
  end)

  it("counts at once where it is over", function()
    local now = os.time()
    beside(function(renew, answers, asked, base)
      answers.directory.body.renewalInfo = base .. "ari"
      local _, first = assert(renew())
      local window = { start = iso(now - 9000), ["end"] = iso(now - 60) }
      answers[asked[#asked].path] = { body = { suggestedWindow = window } }
      local what, second = assert(renew())
      assert.equal("renewed", what)
      assert.not_equal(first.certificate.pin, second.certificate.pin)
      local replaces
      for _, request in ipairs(asked) do replaces = request.path == "new" and request.payload.replaces or replaces end
      assert.matches("^[%w_-]+%.[%w_-]+$", replaces)
    end)
  end)

  it("is none where it makes no sense; a third of the lifetime left is what counts then", function()
    local now = os.time()
    local good = iso(now + 3600)
    for _, body in ipairs {
      { suggestedWindow = { start = iso(now + 7200), ["end"] = good } }, { suggestedWindow = { start = good } },
      { suggestedWindow = { start = good, ["end"] = "soon" } }, { suggestedWindow = 5 }, {}, "[]", "null", "{", "",
      { suggestedWindow = { start = 5, ["end"] = {} } }, { suggestedWindow = { start = good, ["end"] = iso(1 << 33) } },
      ("["):rep(50000), ("x"):rep(100000),
    } do
      local info, what = told { body = body }
      assert.equal("fresh", what)
      local lifetime = info.certificate.not_after - info.certificate.not_before
      assert.is_true(math.abs(info.due - (info.certificate.not_after - lifetime // 3)) <= 1)
    end
  end)

  it("is none of a 404, of a server that is busy, of one elsewhere", function()
    for _, answer in ipairs { { status = 404 }, { status = 503, headers = "Retry-After: 60\r\n" }, { status = 500 },
      { status = 302, headers = "Location: http://127.0.0.1:1/\r\n" },
      { status = 302, headers = "Location: /order\r\n" } } do
      local info, what = told(answer)
      assert.equal("fresh", what)
      assert.equal(answer.status == 503 and 60 or nil, info.retry_after)
    end
    beside(function(renew, answers)
      for _, url in ipairs { "http://127.0.0.1:1/", "file:///etc/", 5, {} } do
        answers.directory.body.renewalInfo = url
        assert(renew())
      end
    end)
  end)
end)
