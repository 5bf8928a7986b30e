-- Random hierarchies judged by us and by Go's crypto/x509, for `make interop`: it wants Go, which tries all paths as we
-- do, so that both have the same certificates at hand. Each difference is one of docs/verification.md.
-- HIERARCHIES=n in the environment makes n of them, SEED=n other ones.
local hierarchies = require "spec.support.hierarchies"
local validation = require "spec.support.validation"

local count = math.tointeger(os.getenv "HIERARCHIES" or 1000)
local seed = math.tointeger(os.getenv "SEED" or 1)
-- Go refuses a critical directoryName constraint and passes over another; by a host as the base for mail addresses and
-- URIs it means all that is below as well.
local kinds = { DNS = true, IP = true }
local hosts = { "leaf.example", "a.leaf.example", "x.org", "10.1.1.1", "LEAF.example", "b.a.leaf.example" }

local function base64(pem) return (pem:gsub("%-[^\n]+", ""):gsub("%s", "")) end

local function write(path, all)
  local file <close> = assert(io.open(path, "w"))
  for _, case in ipairs(all) do
    file:write(("case %d %s\nleaf %s\n"):format(validation.now, case.name or "-", base64(case.leaf.pem)))
    for _, each in ipairs(case.others) do file:write("other ", base64(each.pem), "\n") end
    for _, each in ipairs(case.anchors) do file:write("anchor ", base64(each.pem), "\n") end
    file:write "end\n"
  end
end

local function judge(all)
  local path = os.tmpname()
  for i, case in ipairs(all) do
    if i % 2 == 0 then case.name = hosts[math.random(#hosts)] end
    case.path, case.err = validation.verify(case.anchors, table.move(case.others, 1, #case.others, 2, { case.leaf }),
      { name = case.name, any_purpose = true })
  end
  write(path, all)
  local pipe <close> = assert(io.popen("GOTOOLCHAIN=local go run spec/interop/verify.go <" .. path))
  for _, case in ipairs(all) do case.go = assert(pipe:read "l", "go run") end
  os.remove(path)
end

-- Go does not ask for the key usage of a leaf.
local function explained(err)
  return err.code == "key_usage" and err.message:find("no digitalSignature", 1, true)
end

describe("random hierarchies", function()
  it(("%d of them, are judged as Go judges them"):format(count), function()
    local all, differences, taken = hierarchies.make(seed, count, kinds), {}, 0
    judge(all)
    for i, case in ipairs(all) do
      if case.path then
        taken = taken + 1
        if case.go ~= "ok" then differences[i] = "we accept; " .. case.go end
      elseif case.go == "ok" and not explained(case.err) then
        differences[i] = "we refuse: " .. tostring(case.err)
      end
    end
    assert.same({}, differences)
    assert.is_true(taken > count // 5 and taken < count - count // 5, taken .. " taken: a comparison of nothing")
  end)
end)
