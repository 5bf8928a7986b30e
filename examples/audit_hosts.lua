-- audit_hosts.lua GRADE HOST[:PORT]... - audits servers beside each other, a line for each, worst findings first; exit
-- status 1 where one is worse than the grade, 2 where one could not be audited.
local audit = require "bearssl.audit"
local scheduler = require "bearssl.scheduler"

local printable = require "bearssl.command.output".clean -- what servers say must not act on the terminal

local function line_of(report)
  local titles = {}
  for _, finding in ipairs(report.findings) do
    if finding.severity ~= "info" and #titles < 3 then titles[#titles + 1] = finding.title end
  end
  return ("%-2s %s"):format(report.grade, table.concat(titles, "; "))
end

local function main(grade, ...)
  local loop, status = scheduler.loop(), 0
  for _, target in ipairs { ... } do
    loop:spawn(function()
      local host, port = target:match "^%[?(.-)%]?:(%d+)$"
      local report, err = audit.run(host or target, tonumber(port) or 443)
      print(("%-32s %s"):format(printable(target), printable(report and line_of(report) or "?  " .. tostring(err))))
      if not report then
        status = 2
      elseif audit.worse(report.grade, grade) then
        status = math.max(status, 1)
      end
    end)
  end
  loop:run()
  return status
end

if #arg < 2 then error("usage: audit_hosts.lua GRADE HOST[:PORT]...", 0) end
os.exit(main(table.unpack(arg)), true)
