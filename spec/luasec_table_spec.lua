-- docs/luasec-table.md: every line is run on LuaSec and on this library, each in a process of its own, and what the two
-- gave is held against the line's verdict. LUASEC_DIR names a tree with another LuaSec than Debian's: share/lua/5.4,
-- lib/lua/5.4.
local child = require "spec.support.child"
local page = require "spec.support.luasec.table"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local rows = require "spec.support.luasec.rows"

local top = io.popen "pwd":read "l"

-- Debian's LuaSec, with Debian's Lua: not the interpreter of a build under sanitizers.
local other_tree = os.getenv "LUASEC_DIR"
local theirs = ("env -u LUA_PATH -u LUA_CPATH -u LUA_INIT PATH=%s LUA_PATH='%s%s/?.lua;;' LUA_CPATH='%s;;' lua5.4")
  :format((os.getenv "PATH":gsub("[^:]*/build/%w+/bin:", "")),
    other_tree and other_tree .. "/share/lua/5.4/?.lua;" or "", top,
    other_tree and other_tree .. "/lib/lua/5.4/?.so;" or "")
local ours = child .. " lua5.4 -lbearssl.luasec"

-- What the probe printed, by row.
local function run(command, urls)
  local pipe = assert(io.popen(("%s timeout 300 %s %s/spec/support/luasec/probe.lua 2>&1"):format(urls,
    command:gsub("^(LUA_PATH=.*) lua5%.4", "env %1 lua5.4"), top)))
  local results, out = {}, {}
  for line in pipe:lines() do
    out[#out + 1] = line
    local id, values = line:match "^(.-)\t(.*)$"
    if id then results[id] = values end
  end
  local ok, how, status = pipe:close()
  local last = table.concat(out, "\n", math.max(1, #out - 3))
  assert(ok, ("%s ended by %s %s after:\n%s"):format(command, how, status, last))
  return results
end

local holds = {}

function holds.same(there, here)
  assert.equal(there, here)
end

function holds.fixed(there, here, row)
  assert.are_not.equal(there, here)
  assert.truthy(row.note, "what is otherwise?")
end

-- LuaSec gave something, this library nil or false with a reason.
function holds.refused(there, here, row)
  assert.falsy(there:find "^nil" or there:find "^false" or there:find "^raises", there)
  assert.truthy(here:find '^nil, "' or here:find '^false, "', here)
  assert.truthy(row.note, "why?")
end

-- A LuaSec that has it gives the same; older ones have nothing of the kind.
function holds.newer(there, here)
  assert.falsy(here:find "^raises attempt to call", here)
  if there ~= here then assert.truthy(other_tree == nil or there == '"nil"' or there:find "^raises attempt", there) end
end

describe("LuaSec's table", function()
  local there, here, server, other

  lazy_setup(function()
    server = peer.nginx(pki.server.p256, [[location = / { return 200 "hello\n"; }
      location = /echo { return 200 "echo\n"; } location = /there { return 302 https://$http_host/; }
      location = /plain { return 302 http://$http_host/; }]])
    other = peer.nginx(pki.bad.other_name)
    local urls = ("HTTPS_URL=https://localhost:%d/ OTHER_URL=https://localhost:%d/"):format(server.port, other.port)
    there, here = run(theirs, urls), run(ours, urls)
  end)
  lazy_teardown(function()
    server:stop()
    other:stop()
  end)

  for _, row in ipairs(rows) do
    it(("%s: %s"):format(row.id, row.verdict), function()
      assert.truthy(there[row.id], "LuaSec gave nothing")
      assert.truthy(here[row.id], "this library gave nothing")
      holds[row.verdict](there[row.id], here[row.id], row)
    end)
  end

  it("is the page in docs", function()
    assert.equal(page(), pki.read "docs/luasec-table.md")
  end)

  it("names every option, curve and method that LuaSec has", function()
    local named = page()
    local list = assert(io.popen(theirs .. " " .. top .. "/spec/support/luasec/names.lua"))
    for name in list:lines() do assert.truthy(named:find(name, 1, true), name) end
    list:close()
  end)
end)
