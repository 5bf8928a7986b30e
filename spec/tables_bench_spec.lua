-- What is made of the benchmarks' figures: bench/compare, bench/tables, and bench/instructions, small.
local child = require "spec.support.child"

local function run(command)
  local pipe <close> = assert(io.popen(child .. " " .. command .. " 2>&1"))
  return pipe:read "a"
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function file_of(text)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write((text:gsub("^%s+", ""):gsub("\n%s+", "\n"):gsub(" +", "\t")))
  return path
end

describe("bench/compare", function()
  local old, new, said

  lazy_setup(function()
    old = file_of [[
      # a head
      slower cpu 100 us 90 110 5
      noise cpu 100 us 90 120 5
      rate made 1000 1/s 900 1100 5
      same cpu 7 us 7 7 5
      gone cpu 1 us 1 1 5
    ]]
    new = file_of [[
      slower cpu 300 us 270 330 5
      noise cpu 110 us 100 130 5
      rate made 3000 1/s 2900 3300 5
      same cpu 7.1 us 7.1 7.1 5
      fresh cpu 1 us 1 1 5
    ]]
    said = run(("bench/compare %s %s"):format(old, new))
  end)

  lazy_teardown(function() os.remove(old) os.remove(new) end)

  it("says what moved, the worst first, by the best runs, and what may be noise", function()
    assert.equal(([[
worse	3.00 x	slower cpu	90 -> 270 us
worse	1.11 x	noise cpu	90 -> 100 us	within
better	0.33 x	rate made	1,100 -> 3,300 1/s
gone		gone cpu
new		fresh cpu
# 4 rows compared: 2 worse, 1 better by more than 5 %
]]), said)
  end)

  it("takes another threshold", function()
    local more = run(("bench/compare %s %s 20"):format(old, new))
    assert.falsy(more:find("noise", 1, true))
    assert.truthy(more:find("slower", 1, true))
  end)

  it("says how it is called", function()
    assert.equal("bench/compare OLD.tsv NEW.tsv [PERCENT]\n", run "bench/compare")
  end)
end)

describe("bench/tables", function()
  it("gives the tables that docs/performance.md has", function()
    local page = read "docs/performance.md"
    local count = 0
    for part in run("bench/tables bench/results.tsv"):gmatch "<!%-%- table: .-<!%-%- end %-%->" do
      assert.truthy(page:find(part, 1, true), part)
      count = count + 1
    end
    assert.equal(5, count)
  end)

  it("says of each goal whether it is met", function()
    local path = file_of [[
      primitive/bearssl/p256-sign cpu 29 us 29 29 5
      primitive/openssl/p256-sign cpu 20 us 20 20 5
      primitive/bearssl/sha256-16k cpu 21 us 21 21 5
      primitive/openssl/sha256-16k cpu 20 us 20 20 5
    ]]
    local said = run("bench/tables " .. path)
    os.remove(path)
    assert.truthy(said:find("| P-256, signature made | 29 µs | - | OpenSSL 20 µs | 1.45 × | ≤ 1.5 × | yes |", 1, true))
    assert.truthy(said:find("| SHA-256, 16 KiB | 21 µs | - | OpenSSL 20 µs | 0.95 × | ≥ 1 × | **no** |", 1, true))
    assert.truthy(said:find("| X25519, agreement | - | - | OpenSSL - | - | ≤ 1.2 × | - |", 1, true))
  end)
end)

describe("bench/instructions", function()
  local function names(text)
    local all = {}
    for line in text:gmatch "[^\n]+" do
      if line:sub(1, 1) ~= "#" then
        local name, count = line:match "^(%S+)\tinstructions\t(%d+)\tcount\t%d+\t%d+\t1$"
        assert(tonumber(count) > 0, line)
        all[#all + 1] = name
      end
    end
    return all
  end

  it("counts what bench/instructions.tsv has", function()
    local out = os.tmpname()
    local said = run(("QUICK=1 OUT=%s bench/instructions"):format(out))
    assert.equal("", said)
    assert.same(names(read "bench/instructions.tsv"), names(read(out)))
    os.remove(out)
  end)

  it("counts a part alone, and leaves the file as it is", function()
    local before = read "bench/instructions.tsv"
    assert.same({ "store/load" }, names(run "QUICK=1 bench/instructions store/"))
    assert.equal(before, read "bench/instructions.tsv")
  end)
end)

describe("bench/growth", function()
  local figures = dofile "bench/curves/figures.lua"
  local folder = os.tmpname() .. ".d"

  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("measures and draws each curve", function()
    assert.equal("", run(("QUICK=1 OUT=%s bench/growth"):format(folder)))
    local rows = read(folder .. "/growth.tsv")
    for _, figure in ipairs(figures) do
      assert.truthy(read(("%s/%s.svg"):format(folder, figure.name)):find("<polyline", 1, true), figure.name)
      for _, series in ipairs(figure.series) do
        local name = ("growth/%s/%s/"):format(figure.name, series[1])
        assert.truthy(rows:find(name, 1, true), name)
      end
    end
  end)

  it("has drawn what bench/growth.tsv has, and docs/growth.md shows it", function()
    local page = read "docs/growth.md"
    os.execute("mkdir -p " .. folder)
    assert.equal("", run("lua5.4 bench/curves/draw.lua bench/growth.tsv " .. folder))
    for _, figure in ipairs(figures) do
      local name = figure.name .. ".svg"
      assert.equal(read(("%s/%s"):format(folder, name)), read("docs/growth/" .. name))
      assert.truthy(page:find(("](growth/%s)"):format(name), 1, true), name)
      for _, series in ipairs(figure.series) do
        assert.truthy(page:find(("| %s: %s |"):format(figure.title, series[2]), 1, true), series[2])
      end
    end
  end)
end)
