-- TCP without TLS: the floor.
local stack = {}
function stack.client() return {} end
function stack.server() return {} end
function stack.open(_, tcp) return tcp end
function stack.describe() return "plain TCP" end
return stack
