-- The tables of docs/rfc8446.md, made of the rows in spec/tls_hostile_*_spec.lua. To renew them:
--
--   lua5.4 -e 'require "spec.support.hostile.rules".renew()'
local rules = { path = "docs/rfc8446.md" }

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function files()
  local list = {}
  local pipe <close> = assert(io.popen "ls spec/tls_hostile_*_spec.lua")
  for path in pipe:lines() do list[#list + 1] = path end
  return list
end

-- { section, what, alert, who, path } for each row, in the order of the files.
function rules.rows()
  local list = {}
  for _, path in ipairs(files()) do
    local who
    for line in read(path):gmatch "[^\n]+" do
      who = line:match '^describe%("a (%l+)' or line:match '^  describe%("a " .. side' and "both" or who
      local section, what, alert = line:match '^%s+{ "([^"]+)", "([^"]+)", "([%l_]+)",'
      if section then list[#list + 1] = { section = section, what = what, alert = alert, who = who, path = path } end
    end
  end
  return list
end

-- "4.1.3" -> "004.001.003", "D.5" -> "D.005"
local function key(section)
  return (section:gsub("%d+", function(n) return ("%03d"):format(n) end))
end

-- Rows of one kind: `other` false for RFC 8446's, true for the rest.
local function markdown(other)
  local lines = { "| section | what is refused | by our | alert | spec |", "| --- | --- | --- | --- | --- |" }
  local rows = rules.rows()
  for i, row in ipairs(rows) do row.order = key(row.section) .. (" %05d"):format(i) end
  table.sort(rows, function(a, b) return a.order < b.order end)
  for _, row in ipairs(rows) do
    if (row.section:find "RFC" ~= nil) == other then
      lines[#lines + 1] = ("| %s | %s | %s | `%s` | `%s` |"):format((row.section:gsub(" section", ",")), row.what,
        row.who == "both" and "client, server" or row.who, row.alert, row.path:match "tls_hostile_[%w_]+")
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The page as it should be, from the page as it is.
function rules.renewed(text)
  for name, other in pairs { rfc8446 = false, others = true } do
    local from, to = ("<!-- rows: %s -->\n"):format(name), "<!-- end -->"
    local _, at = text:find(from, 1, true)
    local stop = text:find(to, at, true)
    text = text:sub(1, at) .. markdown(other) .. text:sub(stop)
  end
  return text
end

function rules.page()
  return read(rules.path)
end

function rules.renew()
  local text = rules.renewed(rules.page())
  local file <close> = assert(io.open(rules.path, "w"))
  assert(file:write(text))
end

return rules
