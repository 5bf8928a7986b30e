-- LuaSec's table: every module, function, option and key of LuaSec, what this library makes of it, and how that is
-- seen. luasec_table_spec.lua runs each probe on both and holds the results against the verdict; docs/luasec-table.md
-- is made of these rows by table.lua.
--
-- A row: name; verdict
--   same     both give the same
--   fixed    both have it and here it is otherwise, for the reason in `note`
--   refused  LuaSec does it and this library does not; the note says why
--   newer    of a LuaSec after Debian's: what a LuaSec that has it gives, this library gives
-- note; probe = function(env) that gives values; alone = true: LuaSec is not asked, for it would crash or never end.
local rows, ids = {}, {}

for _, part in ipairs { "modules", "contexts", "options", "connections", "certificates", "https" } do
  local section = require("spec.support.luasec.rows_" .. part)
  for _, row in ipairs(section) do
    row.section = section.title
    row.id = ("%s: %s%s"):format(part, row.name, row.case and " (" .. row.case .. ")" or "")
    assert(not ids[row.id], row.id .. " is there twice")
    ids[row.id] = true
    rows[#rows + 1] = row
  end
end

return rows
