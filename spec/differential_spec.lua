-- Random hierarchies judged by us and by `openssl verify`. A path that we take must be one that OpenSSL takes when it
-- is given that path alone; what we refuse OpenSSL must refuse with all the certificates at hand. (It takes the first
-- path that looks right and tries few others, so that with all of them at hand it refuses some that have a good path.)
-- HIERARCHIES=n in the environment makes n of them, SEED=n other ones.
local hierarchies = require "spec.support.hierarchies"
local validation = require "spec.support.validation"

local count = math.tointeger(os.getenv "HIERARCHIES" or 150)
local seed = math.tointeger(os.getenv "SEED" or 1)

local folder

local function write(name, list)
  local file <close> = assert(io.open(folder .. "/" .. name, "w"))
  for _, each in ipairs(list) do assert(file:write(type(each) == "userdata" and each:pem() or each.pem)) end
end

local function read(name)
  local file <close> = assert(io.open(folder .. "/" .. name))
  return (file:read "a":gsub("%s+", " "))
end

-- The command that prints "ok" or "no", and leaves what OpenSSL says in a file.
local function command(id, leaf, others, anchors)
  write(id .. ".leaf", { leaf })
  write(id .. ".others", #others > 0 and others or { leaf })
  write(id .. ".anchors", anchors)
  local verify = "openssl verify -partial_chain -policy_check -policy 2.5.29.32.0 -purpose sslserver -attime TIME "
    .. "-no-CApath -no-CAstore -CAfile ID.anchors -untrusted ID.others ID.leaf"
  local line = ("if %s >ID.out 2>&1; then echo ok; else echo no; fi\n"):format(verify)
  return (line:gsub("TIME", validation.now):gsub("ID", id))
end

local function judge(all)
  local script = { "cd " .. folder .. "\n" }
  for i, case in ipairs(all) do
    local chain = table.move(case.others, 1, #case.others, 2, { case.leaf })
    case.path, case.err = validation.verify(case.anchors, chain)
    script[#script + 1] = command("whole" .. i, case.leaf, case.others, case.anchors)
    if case.path then
      local path = case.path
      script[#script + 1] = command("path" .. i, case.leaf, table.move(path, 2, #path - 1, 1, {}), { path[#path] })
    end
  end
  local file = assert(io.open(folder .. "/run", "w"))
  file:write(table.concat(script)):close()
  local pipe <close> = assert(io.popen("timeout 300 sh " .. folder .. "/run"))
  for _, case in ipairs(all) do
    case.whole = assert(pipe:read "l") == "ok"
    if case.path then case.alone = assert(pipe:read "l") == "ok" end
  end
end

-- A wildcard that covers an excluded name: OpenSSL compares the texts (docs/verification.md).
local function explained(err)
  return err.code == "name_constraint" and err.message:find("dNSName *.", 1, true)
end

describe("random hierarchies", function()
  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
  end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it(("%d of them, are judged as OpenSSL judges them"):format(count), function()
    local all, differences, taken = hierarchies.make(seed, count), {}, 0
    judge(all)
    for i, case in ipairs(all) do
      if case.path then
        taken = taken + 1
        if not case.alone then differences[i] = "we accept; " .. read("path" .. i .. ".out") end
      elseif case.whole and not explained(case.err) then
        differences[i] = "we refuse: " .. tostring(case.err)
      end
    end
    assert.same({}, differences)
    assert.is_true(taken > count // 4 and taken < count - count // 4, taken .. " taken: a comparison of nothing")
  end)
end)
