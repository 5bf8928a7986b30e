-- run.lua FOLDER [OUTPUT] - the table of docs/audit-agreement.md, from what raw.lua has kept in FOLDER: where
-- bearssl.audit, sslscan and testssl.sh differ, and why. Status 1 where a difference has no explanation.
local compare = require "spec.agreement.compare"
local raw = require "spec.agreement.raw"
local servers = require "spec.support.audit_servers"

local HEAD = [[
# The audit beside sslscan and testssl.sh

`bearssl audit` asks the same local servers as sslscan and testssl.sh (Debian's packages), and what they say is compared
fact by fact: versions, cipher suites by number, groups, signature schemes, certificates by fingerprint, resumption,
extensions and weaknesses. Each difference is in the second table, with its cause. `make audit-agreement` makes this
page anew, in about an hour, most of it testssl.sh's, and fails where a difference has no explanation; `make test`
compares a few servers with sslscan.

testssl.sh is run with `-p -P -f -S -h -U`, for it takes longer still with all it has; sslscan with `--show-sigs`.
Seconds are those of a machine with two cores that had other work, and three servers were asked at a time.

| server | facts beside sslscan | beside testssl.sh | differences | seconds: ours | sslscan | testssl.sh |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
]]

local function cell(text)
  if text == "" then return "none" end
  return (text:gsub("|", "\\|"))
end

-- Of two lists only what is in one of them.
local function difference(ours, theirs)
  if not (ours:find " " or theirs:find " ") then return ours, theirs end
  local function rest(text, other)
    local list = {}
    for word in text:gmatch "%S+" do
      if not (" " .. other .. " "):find(" " .. word .. " ", 1, true) then list[#list + 1] = word end
    end
    return list[1] and table.concat(list, " ") or "not so"
  end
  return rest(ours, theirs), rest(theirs, ours)
end

local function main(folder, path)
  local lines, rows, unexplained = {}, {}, 0
  for _, row in ipairs(servers) do
    local all = raw.load(folder, row.id)
    if all then
      local result = compare.all(all)
      local long = all.seconds.testssl and ("%.0f"):format(all.seconds.testssl) or "not asked"
      lines[#lines + 1] = ("| %s: %s | %d | %d | %d | %.1f | %.1f | %s |"):format(row.id, row.what, result.sslscan,
        result.testssl, #result.differences, all.seconds.audit, all.seconds.sslscan, long)
      for _, each in ipairs(result.differences) do
        local ours, theirs = difference(each.ours, each.theirs)
        if not each.why then
          unexplained = unexplained + 1
          io.stderr:write(("unexplained: %s, %s: %s: %q\nnot %q\n"):format(row.id, each.fact, each.tool,
            each.theirs, each.ours))
        end
        rows[#rows + 1] = ("| %s | %s | %s | %s: %s | %s |"):format(row.id, each.fact, cell(ours), each.tool,
          cell(theirs), each.why or "?")
      end
    end
  end
  local text = HEAD .. table.concat(lines, "\n") .. "\n\n## Differences\n\nOf lists, what only one side has.\n\n"
    .. "| server | what | `bearssl audit` | the other | why |\n| --- | --- | --- | --- | --- |\n"
    .. table.concat(rows, "\n") .. "\n"
  local file = path and assert(io.open(path, "wb")) or io.stdout
  file:write(text)
  if path then file:close() end
  return unexplained == 0
end

os.exit(main(arg[1], arg[2]) and 0 or 1, true)
