-- Every Lua block of README.md and docs/*.md, run as it stands, each in a process of its own, in a folder with the
-- files that it names. example.com is an nginx on this machine; a block that listens on 8443 is a server,
-- and curl asks it.
local child = require "spec.support.child"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

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

-- The fenced blocks of a language, each with the line that it begins at.
local function blocks(path, language)
  local list, current, number = {}, nil, 0
  for line in io.lines(path) do
    number = number + 1
    if current and line:find "^```" then
      current = nil
    elseif current then
      current.text = current.text .. line .. "\n"
    elseif line == "```" .. language then
      current = { line = number, text = "" }
      list[#list + 1] = current
    elseif line:find "^```" then
      current = { text = "" } -- another language's
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
  write(dir .. "/crl.cnf", "[ca]\ndefault_ca=x\n[x]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=30\n")
  write(dir .. "/index", "")
  for _, name in ipairs { "root", "intermediate" } do
    local issuer = ("%s/p256-%s"):format(pki.dir, name)
    run(("cd %s && openssl ca -config crl.cnf -gencrl -cert %s.pem -keyfile %s.key >>ca.crl")
      :format(dir, issuer, issuer))
  end
end

local function files(dir)
  write(dir .. "/ca.pem", pki.read(pki.root.p256))
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
  local dir, server

  lazy_setup(function()
    dir = os.tmpname() .. ".d"
    assert(os.execute(("mkdir %s && rm %s"):format(dir, dir:sub(1, -3))))
    files(dir)
    server = peer.nginx(pair, ([[ssl_client_certificate %s; ssl_verify_client optional;
      location = / { return 200 "hello\n"; }]]):format(pki.root.p256))
  end)
  lazy_teardown(function()
    server:stop()
    os.execute("rm -r " .. dir)
  end)

  -- example.com, as we have it here
  local function here(text, port)
    return (text:gsub("https://example%.com", "https://localhost:" .. port):gsub("example%.com\", 443",
      "localhost\", " .. port):gsub("example%.com", "localhost"))
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
    for _, block in ipairs(blocks(path, "lua")) do
      it(("run: %s, line %d"):format(path, block.line), function()
        if block.text:find("8443", 1, true) then return serves(block.text) end
        local ok, out = run_block(dir, here(block.text, server.port))
        assert.truthy(ok, out)
        assert.falsy(out:find "^failed" or out:find "\nfailed", out)
      end)
    end
  end

  it("have a reference beside them, which LDoc makes without a warning", function()
    local ldoc = "cd docs && lua5.4 $(command -v ldoc) --fatalwarnings -d %s/reference . 2>&1"
    local pipe = assert(io.popen(ldoc:format(dir)))
    local out = pipe:read "a"
    assert.truthy(pipe:close(), out)
    assert.truthy(out:find("output written to", 1, true), out)
  end)

  it("name files that are there", function()
    for _, path in ipairs(pages()) do
      local text = pki.read(path)
      for target in text:gmatch "%]%(([^)#]+)%)" do
        if not target:find "^https?:" then
          local from = path:match "^(.*/)" or ""
          assert.truthy(os.execute(("test -e '%s%s'"):format(from, target)), path .. ": " .. target)
        end
      end
    end
  end)
end)
