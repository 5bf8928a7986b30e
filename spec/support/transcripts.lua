-- The transcripts of docs/command*.md: blocks without a language that begin with "$ bearssl". They are run as they
-- stand, in a folder with the files that the pages name, against servers of this machine; what differs from run to run
-- is masked on both sides.
--
--   transcripts.blocks(path)            the blocks, each { line =, text =, commands = { { command =, output = } } }
--   local place <close> = transcripts.place { ["8443"] = port, … }   the folder; place.dir
--   place:run(command)                  what it prints, with the ports that the pages have
--   transcripts.masked(text)
-- With TRANSCRIPTS=write in the environment the pages are written anew, for whoever has changed what is printed.
local command = require "spec.support.command"
local luassert = require "luassert"
local pki = require "spec.support.pki"

local transcripts = {}

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

-- The commands of a block, each with what stands below it; a line that ends in "\" goes on.
local function commands_of(text)
  local list = {}
  local goes_on = false
  for line in text:gmatch "([^\n]*)\n" do
    if goes_on then
      list[#list].command = list[#list].command .. "\n" .. line
    elseif line:find "^%$ " then
      list[#list + 1] = { command = line:sub(3), output = "" }
    else
      list[#list].output = list[#list].output .. line .. "\n"
    end
    goes_on = line:find "\\$" ~= nil and list[#list].output == ""
  end
  return list
end

function transcripts.blocks(path)
  local list, current, number = {}, nil, 0
  for line in io.lines(path) do
    number = number + 1
    if line:find "^```" then
      if current and current.text:find "^%$ " then
        current.commands = commands_of(current.text)
        list[#list + 1] = current
      end
      current = not current and { line = number, text = "", language = line:sub(4) } or nil
    elseif current then
      current.text = current.text .. line .. "\n"
    end
  end
  return list
end

-- What is another in each run: times, dates, random numbers, and keys that the tests' PKI has made.
local masks = {
  { "%-?%d+ days  ", "N days  " },
  { "until 20%d%d%-%d%d%-%d%d", "until DATE" }, { "due 20%d%d%-%d%d%-%d%d", "due DATE" },
  { "sha256//[%w+/]+=", "sha256//PIN" }, { "%f[%x]%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x+", "HEX" },
  { "%d+%.%d+ m?s%f[%W]", "T s" }, { "%d+ days left", "N days left" }, { "%d+ days ago", "N days ago" },
  { '"days_left":%-?%d+', '"days_left":N' },
  { "%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT", "DATE" }, { "202[3-9]%-%d%d%-%d%d[ T]%d%d:%d%d:%d%d", "DATE" },
  { "202[3-9]%-%d%d%-%d%d", "DATE" }, { "%d+ minutes old", "N minutes old" }, { "127%.0%.0%.1:%d+", "127.0.0.1:PORT" },
  { "BEGIN CERTIFICATE%-%-%-%-%-[%w+/=\n\\]+%-%-%-%-%-END", "BEGIN CERTIFICATE-----\n...\n-----END" },
  { " *%d+ bytes", " N bytes" }, { "%d+ seconds from ours", "N seconds from ours" }, { "%s+\n", "\n" },
}

-- What another machine has: checks of `bearssl doctor`.
local machine = { "LuaSocket", "libraries", "accelerations", "first suite", "trust store", "clock", "environment" }

function transcripts.masked(text)
  for _, name in ipairs(machine) do
    text = text:gsub("(%f[%w]%l+ +" .. name .. ")  [^\n]*\n", "%1\n"):gsub("(\n%l+ +" .. name .. "\n) +[^\n]*\n", "%1")
  end
  for _, mask in ipairs(masks) do text = text:gsub(mask[1], mask[2]) end
  return text
end

local Place = {}
Place.__index = Place

-- ports: what stands on the pages, and what it is here.
function transcripts.place(ports)
  local dir = os.tmpname() .. ".d"
  assert(os.execute(("rm %s; mkdir -p %s/bin %s/www"):format(dir:sub(1, -3), dir, dir)))
  local pair, mine = pki.server.p256, pki.client.p256
  for name, source in pairs {
    ["ca.pem"] = pki.root.p256, ["server.pem"] = pair.certificate, ["server.key"] = pair.key, ["leaf.pem"] = pair.leaf,
    ["client.pem"] = mine.certificate, ["client.key"] = mine.key,
  } do
    write(dir .. "/" .. name, pki.read(source))
  end
  write(dir .. "/www/index.html", "<p>hello</p>\n")
  local line = command.line {}
  write(dir .. "/bin/bearssl", ('#!/bin/sh\n%s "$@"\n'):format(line:gsub("^cd '.';", "exec"):gsub("%s+$", "")))
  assert(os.execute(("chmod +x %s/bin/bearssl"):format(dir)))
  return setmetatable({ dir = dir, ports = ports }, Place)
end

function Place:__close()
  os.execute("rm -rf " .. self.dir)
end

local function exchanged(text, ports, back)
  for shown, here in pairs(ports) do
    local from, to = tostring(back and here or shown), tostring(back and shown or here)
    text = text:gsub("%f[%d]" .. from .. "%f[%D]", to)
  end
  return text
end

-- Standard error too, as on a terminal; without the status.
function Place:run(text)
  local script = ("cd %s; PATH=%s/bin:$PATH; { %s\n} 2>&1"):format(self.dir, self.dir, exchanged(text, self.ports))
  local pipe <close> = assert(io.popen("timeout 120 sh -c " .. command.quoted(script) .. " </dev/null"))
  return exchanged(pipe:read "a", self.ports, true)
end

-- What a command printed beside what the page says; or puts it there.
function transcripts.compare(path, line, each, out)
  if os.getenv "TRANSCRIPTS" == "write" then return transcripts.replace(path, each, out) end
  luassert.equal(transcripts.masked(each.output), transcripts.masked(out), ("%s, line %d: %s"):format(path, line,
    each.command))
end

-- Runs every block of a page in a place.
function transcripts.check(path, place)
  for _, block in ipairs(transcripts.blocks(path)) do
    for _, each in ipairs(block.commands) do transcripts.compare(path, block.line, each, place:run(each.command)) end
  end
end

-- Puts what was printed below the command on the page.
function transcripts.replace(path, each, out)
  local text = pki.read(path)
  local head = "$ " .. each.command .. "\n"
  local from, to = text:find(head .. each.output, 1, true)
  assert(from, each.command)
  write(path, text:sub(1, from - 1) .. head .. out .. text:sub(to + 1))
end

return transcripts
