-- Every Lua block of README.md and docs/*.md, run as it stands, each in a process of its own, in a folder with the
-- files that it names. example.com and localhost's port 8443 are an nginx on this machine, mail.example.com is a mail
-- server of ours; a block that listens on 8443 is a server, and curl asks it. And what holds the pages together: links,
-- anchors, the index.
local child = require "spec.support.child"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local top = require "lfs".currentdir()
local pair, mine = pki.server.p256, pki.client.p256

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function pages()
  local list = { "README.md" }
  for path in io.popen "ls docs/*.md":lines() do list[#list + 1] = path end
  return list
end

-- The fenced blocks, each with its language and the line that it begins at; and the lines that are in none.
local function blocks(path)
  local list, prose, current, number = {}, {}, nil, 0
  for line in io.lines(path) do
    number = number + 1
    local fence = line:match "^%s*[`~][`~][`~]+(.*)"
    if fence and current then
      current = nil
    elseif fence then
      current = { line = number, language = fence, text = "" }
      list[#list + 1] = current
    elseif current then
      current.text = current.text .. line .. "\n"
    else
      prose[#prose + 1] = line
    end
  end
  return list, prose, current
end

-- The anchors of a page, as GitHub makes them of its headings.
local function anchors(path)
  local found, _, prose = {}, blocks(path)
  for _, line in ipairs(prose) do
    local heading = line:match "^#+ (.*)"
    if heading then
      local anchor = heading:gsub("%b()", function(part) return part:find "^%(http" and "" or part end):lower()
      anchor = anchor:gsub("[^%w%s_\x80-\xff-]", ""):gsub("%s", "-")
      local count = found[anchor]
      found[anchor] = (count or 0) + 1
      if count then found[("%s-%d"):format(anchor, count)] = 1 end
    end
  end
  return found
end

-- The links of a page to others of ours: path from the top ("" where it is the page itself), anchor or nil.
local function links(path)
  local list, _, prose = {}, blocks(path)
  for target in table.concat(prose, "\n"):gmatch "%]%(([^)]+)%)" do
    if not target:find "^%a+:" then
      local file, anchor = target:match "^([^#]*)#?(.*)$"
      local whole = file == "" and path or (path:match "^(.*/)" or "") .. file
      repeat
        local before = whole
        whole = before:gsub("[^/]+/%.%./", "", 1)
      until whole == before
      list[#list + 1] = { target = target, path = whole, anchor = anchor ~= "" and anchor or nil }
    end
  end
  return list
end

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local out = pipe:read "a"
  assert(pipe:close(), out)
end

-- Empty lists of the root and of the intermediate.
local function revocation_lists(dir)
  local lists = {}
  for i, name in ipairs { "root", "intermediate" } do
    lists[i] = revoke.crl { issuer = "p256-" .. name, next_update = revoke.late }
  end
  write(dir .. "/ca.crl", table.concat(lists))
end

local function files(dir)
  write(dir .. "/ca.pem", pki.read(pki.root.p256))
  run(("mkdir %s/ca && cp %s %s/ca/ca.pem"):format(dir, pki.root.p256, dir))
  write(dir .. "/stranger.pem", pki.read(pki.stranger))
  write(dir .. "/server.pem", pki.read(pair.certificate))
  write(dir .. "/server.key", pki.read(pair.key))
  write(dir .. "/client.pem", pki.read(mine.certificate))
  write(dir .. "/client.key", pki.read(mine.key))
  revocation_lists(dir)
end

-- In the folder, with this process's interpreter and modules, and the test's root as the system's store.
local function command(dir)
  return ("env -C %s %s SSL_CERT_FILE=ca.pem timeout 60 lua5.4 block.lua 2>&1"):format(dir, child)
end

local function run_block(dir, text)
  write(dir .. "/block.lua", text)
  local pipe = assert(io.popen(command(dir)))
  local out = pipe:read "a"
  return pipe:close(), out
end

describe("the guides", function()
  local dir, server, mail

  -- Under this process's interpreter, which peer.start would take from it.
  local function mail_server()
    local line = "echo $$; %s exec timeout 900 lua5.4 spec/support/smtp_server.lua %s %s"
    local pipe = assert(io.popen(line:format(child, pair.certificate, pair.key)))
    local pid, _, first = pipe:read("n", "l", "l")
    return { pipe = pipe, pid = pid, port = assert(first:match "port (%d+)", first) }
  end

  lazy_setup(function()
    dir = os.tmpname() .. ".d"
    assert(os.execute(("mkdir %s && rm %s"):format(dir, dir:sub(1, -3))))
    files(dir)
    server = peer.nginx(pair, ([[ssl_client_certificate %s; ssl_verify_client optional;
      location = / { return 200 "hello\n"; }]]):format(pki.root.p256), "TLSv1.2 TLSv1.3")
    mail = mail_server()
  end)
  lazy_teardown(function()
    server:stop()
    os.execute(("kill %d"):format(mail.pid))
    mail.pipe:close()
    os.execute("rm -r " .. dir)
  end)

  -- example.com and mail.example.com, as we have them here
  local function here(text, port)
    local at = ":" .. port
    return (text:gsub("mail%.example%.com\", 587", "localhost\", " .. mail.port):gsub("mail%.example", "example")
      :gsub("localhost:8443", "localhost" .. at):gsub("\"localhost\", 8443", "\"localhost\", " .. port)
      :gsub("https://example%.com", "https://localhost" .. at):gsub("\"https://\" %.%. host", "%0 .. \"" .. at .. "\"")
      :gsub("example%.com\", 443", "localhost\", " .. port):gsub("%(host, 443", "(host, " .. port)
      :gsub("example%.com", "localhost"))
  end

  local function serves(text)
    local port
    do
      local listener <close> = peer.listen()
      port = listener.port
    end
    write(dir .. "/block.lua", (text:gsub("8443", port)))
    local pipe <close> = assert(io.popen("echo $$; exec " .. command(dir)))
    local pid = pipe:read "n"
    local curl <close> = peer.curl(port, "/", ("--http0.9 --retry 20 --retry-connrefused --retry-delay 1 --cacert %s "
      .. "--cert %s --key %s"):format(pki.root.p256, mine.certificate, mine.key))
    local status, out = curl:finish()
    os.execute(("kill %d"):format(pid))
    assert.equal(0, status, out .. pipe:read "a")
  end

  for _, path in ipairs(pages()) do
    for _, block in ipairs((blocks(path))) do
      if block.language == "lua" then
        it(("run: %s, line %d"):format(path, block.line), function()
          if block.text:find "port = 8443" or block.text:find "bind%(.-, 8443%)" then return serves(block.text) end
          local ok, out = run_block(dir, here(block.text, server.port))
          assert.truthy(ok, out)
          assert.falsy(out:find "^failed" or out:find "\nfailed", out)
        end)
      end
    end
  end

  for _, path in ipairs(pages()) do
    for _, block in ipairs((blocks(path))) do
      if block.language == "sh" and block.text:find "^bearssl mkcert" then
        it(("make a certificate: %s, line %d"):format(path, block.line), function()
          assert(os.execute(("mkdir %s/made"):format(dir)))
          run(("cd %s/made && env %s PATH=%s/lua/bin:$PATH sh -ec '%s'"):format(dir, child, top, block.text))
          run(("cd %s/made && %s lua5.4 -e '%s'"):format(dir, child,
            [[local bearssl = require "bearssl"
              assert(bearssl.server { certificate = "server.pem", key = "server.key" })
              local chain = assert(bearssl.x509.load "server.pem")
              assert(assert(bearssl.store "ca/ca.pem"):verify(chain, { name = "localhost" }))]]))
          assert(os.execute(("rm -r %s/made"):format(dir)))
        end)
      end
    end
  end

  it("have a reference beside them, which LDoc makes without a warning", function()
    local ldoc = "cd docs && lua5.4 $(command -v ldoc) --fatalwarnings -d %s/reference . 2>&1"
    local pipe = assert(io.popen(ldoc:format(dir)))
    local out = pipe:read "a"
    assert.truthy(pipe:close(), out)
    assert.truthy(out:find("output written to", 1, true), out)
  end)

  it("name files and headings that are there", function()
    local wrong = {}
    for _, path in ipairs { "CHANGELOG.md", table.unpack(pages()) } do
      for _, link in ipairs(links(path)) do
        local there = os.execute(("test -e '%s'"):format(link.path))
        if not there or link.anchor and not anchors(link.path)[link.anchor] then
          wrong[#wrong + 1] = ("%s: %s"):format(path, link.target)
        end
      end
    end
    assert.same({}, wrong)
  end)

  it("have every code of errors, with its alert", function()
    local page, missing, found = pki.read "docs/errors.md", {}, 0
    local list = pki.read "csrc/base/error.h":match "#define LT_ERRORS%(X%)(.-)\n\n":gsub("\\\n", "")
    for code, alert, text in list:gmatch 'X%(%s*([%w_]+),%s*([%w_]+),%s*"([^"]*)"' do
      local row = ("| `%s` | %s | %s |"):format(code, text, alert == "none" and "" or "`" .. alert .. "`")
      found = found + 1
      if not page:find(row, 1, true) then missing[#missing + 1] = row end
    end
    assert.truthy(found > 50)
    local search = [[grep -rhoE '(code = |:fail\(|failure\.new\()"[a-z_]+"' lua/bearssl | sort -u]]
    for code in io.popen(search):read "a":gmatch '"([%l_]+)"' do
      if not page:find(("\n| `%s` |"):format(code), 1, true) then missing[#missing + 1] = code end
    end
    assert.same({}, missing)
  end)

  it("are all in the index", function()
    local listed, missing = {}, {}
    for _, link in ipairs(links "docs/README.md") do listed[link.path] = true end
    for _, path in ipairs(pages()) do
      if not listed[path] and not path:find "README" then missing[#missing + 1] = path end
    end
    assert.same({}, missing)
  end)

  it("have no block that could be Lua and is not run", function()
    local known = { lua = true, sh = true, json = true, console = true, [""] = true } -- "": what a program prints
    for _, path in ipairs(pages()) do
      local list, prose, open = blocks(path)
      assert.is_nil(open, path)
      for _, block in ipairs(list) do
        local place = ("%s, line %d"):format(path, block.line)
        assert.truthy(known[block.language], place)
        assert.truthy(block.language == "lua" or not block.text:find "%f[%w]require%f[%W]", place)
      end
      assert.falsy(table.concat(prose, "\n"):find "\n\n    %s*local ", path) -- a block by indentation
    end
  end)
end)
