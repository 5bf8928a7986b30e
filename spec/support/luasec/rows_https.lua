-- LuaSec's table: ssl.https, against a server of the probe's own, in a process beside it.
local rows = { title = "ssl.https" }

local function row(name, case, verdict, probe, note)
  rows[#rows + 1] = { name = name, case = case, verdict = verdict, probe = probe, note = note }
end

-- Makes a request; what it gives, the headers but for the number of them left out.
local function request(make)
  return function(env)
    local https = require "ssl.https"
    local body, code, headers, status = https.request(make(env, env.https_url))
    return body, code, type(headers), status
  end
end

row("request", "a table", "same", request(function(env, url)
  return { url = url, verify = "peer", cafile = env.pki.root.p256 }
end))
row("request", "a URL, nothing said about trust", "fixed", request(function(_, url) return url end),
  "verified against the system's anchors, as `verify = \"peer\"` with the name; LuaSec verifies nothing")
row("request", "verify = none", "same", request(function(_, url) return { url = url, verify = "none" } end))
row("request", "another name than the certificate's", "fixed", request(function(env)
  return { url = env.other_url, verify = "peer", cafile = env.pki.root.p256 }
end), "refused: LuaSec verifies the chain alone")
row("request", "an unknown issuer", "same", request(function(env, url)
  return { url = url, verify = "peer", cafile = env.pki.stranger }
end))
row("request", "sink", "same", function(env)
  local parts = {}
  local done, code = require "ssl.https".request {
    url = env.https_url, cafile = env.pki.root.p256, verify = "peer", sink = require "ltn12".sink.table(parts),
  }
  return done, code, table.concat(parts)
end)
row("request", "a body", "same", function(env)
  return (require "ssl.https".request {
    url = env.https_url .. "echo", method = "POST", verify = "peer", cafile = env.pki.root.p256,
    headers = { ["content-length"] = 3 }, source = require "ltn12".source.string "abc",
  })
end)
row("request", "the caller's table", "fixed", function(env)
  local own = { url = env.https_url, verify = "peer", cafile = env.pki.root.p256 }
  require "ssl.https".request(own)
  return own.create == nil, own.mode, own.url == env.https_url
end, "is not changed, and serves again")
row("request", "a redirect", "same", request(function(env, url)
  return { url = url .. "there", verify = "peer", cafile = env.pki.root.p256 }
end))
row("request", "redirect = false", "same", request(function(env, url)
  return { url = url .. "there", verify = "peer", cafile = env.pki.root.p256, redirect = false }
end))
row("request", "redirect = true", "same", request(function(_, url) return { url = url, redirect = true } end))
row("request", "to plain http", "same", request(function(env, url)
  return { url = url .. "plain", verify = "peer", cafile = env.pki.root.p256 }
end))
row("request", "proxy", "same", request(function(_, url) return { url = url, proxy = "http://127.0.0.1:1" } end))
row("request", "create", "same", request(function(_, url) return { url = url, create = print } end))
row("request", "nobody listens", "same", request(function() return { url = "https://127.0.0.1:1/" } end))
row("socket.http", "an https URL", "same", function(env)
  local body, code = require "socket.http".request {
    url = env.https_url, verify = "peer", cafile = env.pki.root.p256,
  }
  return body, code
end)

return rows
