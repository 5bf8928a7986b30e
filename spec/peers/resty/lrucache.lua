-- resty.lrucache: theirs under nginx, our stand-in here.
local run = ...
local say, try = run.say, run.try

local lrucache = require "resty.lrucache"
try("no room", lrucache.new, 0)
local c = assert(lrucache.new(3))
say("new", c:count(), c:capacity())
try("get nothing", c.get, c, "a")
try("set", c.set, c, "a", 1)
try("get", c.get, c, "a")
c:set("b", { 2 })
c:set("c", false, nil, 7)
try("get false", c.get, c, "c")
try("get a table", c.get, c, "b")
c:get "a"
c:set("d", 4) -- c is the oldest now
for _, key in ipairs { "a", "b", "c", "d" } do try("is there: " .. key, c.get, c, key) end
say("count", c:count())
c:set("a", "new", 0.5, 3)
try("get", c.get, c, "a")
ngx.sleep(0.8)
ngx.update_time()
try("stale", c.get, c, "a")
say("keys", c:get_keys())
say("two keys", c:get_keys(2))
say("keys into a table", c:get_keys(1, { 8, 9 }))
try("delete", c.delete, c, "a")
try("delete nothing", c.delete, c, "a")
try("get what is deleted", c.get, c, "a")
say("count", c:count())
c:set(1, "a number")
c:set(true, "a boolean")
try("get by a number", c.get, c, 1)
try("get by a boolean", c.get, c, true)
try("flush_all", c.flush_all, c)
say("count", c:count(), c:get "d")
for i = 1, 100 do c:set(i, i) end
say("keys", c:get_keys(), c:count())
c:set("ttl", 1, -1)
try("a lifetime that is over", c.get, c, "ttl")
