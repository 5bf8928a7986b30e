-- TCP without TLS: the floor. With mode=flights as many bytes go there and back first as in a resumed handshake of TLS
-- 1.3: ClientHello, ServerHello to Finished, Finished.
local stack = {}
local flights = { 418, 209, 64 }

function stack.client(options) return { flights = options.mode == "flights" and flights or {}, sends = 1 } end

function stack.server(options)
  local config = stack.client(options)
  config.sends = 0
  return config
end

function stack.open(config, tcp)
  for i, size in ipairs(config.flights) do
    if i % 2 == config.sends then tcp:send(("x"):rep(size)) else assert(tcp:receive(size)) end
  end
  return tcp
end

function stack.describe() return "plain TCP" end
return stack
