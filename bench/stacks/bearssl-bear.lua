-- bearssl over LuaSocket, by BearSSL's engine: TLS 1.2 at most.
local native = require "stacks.bearssl"
local stack = setmetatable({}, { __index = native })

function stack.client(options)
  options.engine = "bear"
  return native.client(options)
end

function stack.server(options)
  options.engine = "bear"
  return native.server(options)
end

return stack
