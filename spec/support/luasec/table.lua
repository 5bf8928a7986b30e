-- docs/luasec-table.md, of the rows: `lua5.4 spec/support/luasec/table.lua >docs/luasec-table.md` from the top.
-- luasec_table_spec.lua holds the rows against both libraries, and the page against the rows.
local rows = require "spec.support.luasec.rows"

local head = [[
# LuaSec, name by name

Every module, function, key and option of LuaSec, and what this library makes of it. Each line is a probe that the
specs run on LuaSec (Debian's lua-sec 1.2.0; 1.3.2 by hand) and here: **same** gave the same on both, values and
messages; **fixed** is otherwise here, for the reason given; **refused** is answered with an error that says why;
**newer** is as in LuaSec 1.3, or as in the version after it. This page is made of the probes:
`spec/support/luasec/rows_*.lua`. How to move: [luasec.md](luasec.md).
]]

local function cell(text)
  return (text:gsub("|", "\\|"))
end

local function capital(text)
  return (text:gsub("^%l", string.upper))
end

local function page()
  local out, section = { head }, nil
  for i, row in ipairs(rows) do
    if row.section ~= section then
      section = row.section
      out[#out + 1] = ("## %s\n\n| name | | verdict | |\n| --- | --- | --- | --- |"):format(capital(section))
    end
    local last = rows[i + 1]
    out[#out + 1] = ("| `%s` | %s | %s | %s |%s"):format(row.name, cell(row.case or ""), row.verdict,
      cell(row.note or ""), (not last or last.section ~= section) and "\n" or "")
  end
  return (table.concat(out, "\n"):gsub("\n+$", "\n"))
end

if arg and arg[0] and arg[0]:find "table%.lua$" then io.write(page()) end

return page
