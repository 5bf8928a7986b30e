-- Runs the rows of LuaSec's table (rows_*.lua) on whichever `ssl` this process has, and prints what each gave:
--   lua5.4 probe.lua            LuaSec's
--   lua5.4 -lbearssl.luasec probe.lua    ours
-- One line for each row: its name, a tab, and the values as text. Connections are made inside the process, both ends by
-- the same modules.
local env = require "spec.support.luasec.env"

io.stdout:setvbuf "no"

local ours = package.loaded["bearssl.luasec"] ~= nil
local rows = require "spec.support.luasec.rows"
for i = 1, #rows do
  io.write(rows[i].id, "\t")
  io.write(rows[i].alone and not ours and "(not asked)" or env.run(rows[i].probe), "\n")
  collectgarbage()
end
io.write("version\t", env.ssl._VERSION, "\n")
