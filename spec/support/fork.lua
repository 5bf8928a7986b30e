-- fork(function) -> the status that it returns, in a process that was forked.
local child = require "spec.support.child"

local library = os.tmpname()
local source = debug.getinfo(1, "S").source:match "^@(.*)fork%.lua$"
assert(os.execute(("env %s cc -shared -fPIC -O1 -Wall -Werror $(pkg-config --cflags lua5.4) -o %s %sfork.c")
  :format(child, library, source)))
local fork = assert(package.loadlib(library, "luaopen_fork"))()
os.remove(library)
return fork
