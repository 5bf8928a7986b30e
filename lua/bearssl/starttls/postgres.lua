-- SPDX-License-Identifier: MIT
-- PostgreSQL's frontend/backend protocol, section "SSL Session Encryption".
local postgres = {}

local SSL_REQUEST, GSS_REQUEST, CANCEL = 80877103, 80877104, 80877102

-- What a server says instead in clear may be anybody's: an error is named, its text is not believed
-- (CVE-2024-10977).
function postgres.client(t)
  t:send((">I4I4"):pack(8, SSL_REQUEST))
  local answer = t:read(1)
  if answer == "N" then t:refused(answer, "the server is not set up for TLS") end
  if answer == "E" then t:refused(answer, "the server answers with an error") end
  if answer ~= "S" then t:garbage(answer, "S or N") end
  return {}
end

function postgres.server(t, options)
  local count = t:counter("requests before SSLRequest", 4)
  while not options.greeted do
    count()
    local size, code = (">I4I4"):unpack(t:read(8))
    if code == SSL_REQUEST and size == 8 then break end
    if code ~= GSS_REQUEST or size ~= 8 then
      t:refused(tostring(code), code == CANCEL and "the client wants to cancel" or "the client begins without TLS")
    end
    t:send "N"
  end
  t:expect_silence()
  t:send "S"
  return {}
end

return postgres
