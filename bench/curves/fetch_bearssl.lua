-- fetch_bearssl.lua - how many bytes bearssl.https gets of a URL; a connection for each.
local https = require "bearssl.https"
return function(url, trust)
  local body = assert(https.request { url = url, trust = trust })
  return #body
end
