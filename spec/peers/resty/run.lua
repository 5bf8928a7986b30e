-- run.lua SCRIPT PORT - what a script of this folder is given, the same under nginx and under Lua 5.4: the port of an
-- actor; open(steps, ...): a connection to it, which is to do these steps; try(name, fn, ...): says what a call gives.
local script, port = ...
local run = {}

local function text(value)
  local kind = type(value)
  if kind == "table" then
    local list = {}
    for key, each in pairs(value) do list[#list + 1] = tostring(key) .. "=" .. text(each) end
    table.sort(list)
    return "{" .. table.concat(list, ";") .. "}"
  end
  if kind == "string" then return ("%q"):format(value) end
  return (kind == "function" or kind == "thread") and kind or tostring(value)
end

local function say(name, ...)
  local list = {}
  for i = 1, select("#", ...) do list[i] = text((select(i, ...))) end
  ngx.say(name, ": ", table.concat(list, ", "))
end

local function outcome(name, ok, ...)
  if ok then return say(name, ...) end
  ngx.say(name, " raises ", (tostring((...)):gsub("^[^\n]-:%d+: ", ""):gsub(" to '[%w_?]+'", "")))
end

function run.try(name, fn, ...) outcome(name, pcall(fn, ...)) end

function run.open(steps, ...)
  local sock = ngx.socket.tcp()
  local ok, err = sock:connect("127.0.0.1", port, ...)
  if not ok then ngx.say("connect: ", err) end
  if steps then sock:send(steps .. "\n") end
  return sock
end

run.say, run.port = say, port
assert(loadfile(script))(run)
