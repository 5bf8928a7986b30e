---@meta bearssl.scheduler
-- Made by `make annotations` from the documentation comments.

---Schedulers: who else runs while a socket waits.
---@class bearssl.scheduler.module
local module = {}

---A scheduler by name.
---Raises: for another name, and where the framework cannot be loaded
---@param name string `"plain"`, `"coroutine"`, `"copas"`, `"cqueues"` or `"luv"`
---@return table # the scheduler
function module.get(name) end

---The scheduler that runs the calling coroutine: a `loop` of ours, cqueues, copas or luv, where the program has loaded it; else the plain one, under which a wait holds up the whole program. A coroutine that a program itself resumes inside one of the scheduler's is plain, too, where that can be told.
---@return table # the scheduler
function module.current() end

---What an option `scheduler` means.
---Raises: as `get`
---@param given? string|table a scheduler or its name; nil: `current`
---@return table # the scheduler
function module.of(given) end

---A loop of our own: `loop:spawn(fn, ...)`, then `loop:run()`.
---@param options? table `on_error`: called with what a coroutine raised and the coroutine; without it `loop:run` raises
---@return bearssl.loop
function module.loop(options) end

---Connects by TCP. The name is resolved by the scheduler where it has a resolver, else by the system, which holds up the program; the addresses are tried in order, each for its share of the time.
---Raises: if an argument or an option is wrong
---@param host string name or IP address
---@param port integer
---@param options? table `timeout`: seconds for all of it; `scheduler`: instead of `current`; `local_address`
---@return userdata|nil # LuaSocket's TCP object, connected; waits as `socket` says
---@return nil|string|bearssl.error # `"timeout"`, or why not
function module.connect(host, port, options) end

---A socket whose waits hold up the calling coroutine alone. It has every method of the one it is made of, and timeouts of its own, which it takes over from there; 0, which event loops set, is none.
---@param sock any a socket of LuaSocket or of bearssl, or whatever has getfd and their methods
---@param given? string|table the scheduler, instead of `current`
---@return table|userdata # the socket; under the plain scheduler it is sock itself
function module.socket(sock, given) end

---Something that coroutines wait for, and another one says, under any scheduler.
---@return bearssl.condition
function module.condition() end

---@class bearssl.condition
local condition = {}

---Holds up the calling coroutine until `condition:signal`.
---Raises: under the plain scheduler: there is nobody else who could say it
---@param timeout? number seconds; nil: for ever
---@return boolean|nil # true
---@return nil|string # `"timeout"`
function condition:wait(timeout) end

---Lets all go on who wait now.
function condition:signal() end

---@class bearssl.loop
local loop = {}

---Starts a coroutine, which runs when the loop does.
---@param fn function
---@param ... any its arguments
---@return thread # the coroutine; `coroutine.close` ends it, whatever it waits for
function loop:spawn(fn, ...) end

---Runs until every coroutine has ended, or waits for another one that does not come, or `loop:stop`.
---Raises: what a coroutine has raised, unless the loop has an `on_error`; the others are as they were, and go on where run is called again
function loop:run() end

---Ends `loop:run` after this turn. What waits goes on waiting if run is called again.
function loop:stop() end

return module
