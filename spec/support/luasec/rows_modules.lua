-- LuaSec's table: modules and what is in them.
local rows = { title = "Modules" }

local function row(name, verdict, probe, note)
  rows[#rows + 1] = { name = name, verdict = verdict, probe = probe, note = note }
end

local function has(module, name)
  return function() return type(require(module)[name]) end
end

row("ssl._VERSION", "newer", function(env) return env.ssl._VERSION end,
  "\"1.3.2\", whose manners these are; programs compare it")
row("ssl._COPYRIGHT", "fixed", function(env) return env.ssl._COPYRIGHT end, "says whose work this is")
for _, name in ipairs { "newcontext", "wrap", "loadcertificate", "config" } do row("ssl." .. name, "same", has("ssl",
  name)) end
for _, name in ipairs { "find_system_ca", "get_system_ca", "set_system_ca" } do
  row("ssl." .. name, "newer", has("ssl", name), "SSL_CERT_FILE is looked at first")
end
for _, name in ipairs {
  "create", "setmode", "loadkey", "loadcert", "checkkey", "locations", "setcipher", "setciphersuites", "setverify",
  "setoptions", "setdepth", "setdhparam", "setcurve", "setcurveslist", "setalpn", "setalpncb", "setdane",
} do
  row("ssl.context." .. name, "same", has("ssl.context", name))
end
for _, name in ipairs { "setpskhint", "setserverpskcb", "setclientpskcb" } do
  row("ssl.context." .. name, "newer", has("ssl.context", name), "for TLS 1.3's external PSKs")
end
for _, name in ipairs { "create", "setfd", "info", "compression", "setmethod", "copyright" } do
  row("ssl.core." .. name, "same", has("ssl.core", name))
end
row("ssl.core.SOCKET_INVALID", "same", function() return require "ssl.core".SOCKET_INVALID end)
row("ssl.x509.load", "same", has("ssl.x509", "load"))
row("ssl.https.request", "same", has("ssl.https", "request"))
row("ssl.https.tcp", "same", has("ssl.https", "tcp"))
row("ssl.https.PORT", "same", function() return require "ssl.https".PORT end)
row("ssl.https.TIMEOUT", "same", function() return require "ssl.https".TIMEOUT end)
row("ssl.config.protocols", "same", function(env) return env.ssl.config.protocols end)
row("ssl.config.algorithms", "same", function(env) return env.ssl.config.algorithms end)
row("ssl.config.capabilities", "newer", function(env) return env.ssl.config.capabilities end,
  "has `psk`, and says which DANE flags there are")
row("ssl.config.curves", "fixed", function(env) return env.ssl.config.curves end,
  "x25519, P-256, P-384 and P-521 under OpenSSL's names for them; there is code for no others")
row("ssl.config.options", "fixed", function(env) return env.ssl.config.options end,
  "those that are accepted; see the options below")
row("tostring(context)", "same", function(env) return (tostring(env.new {}):gsub("0x%x+", "")) end)
row("tostring(connection)", "same", function(env)
  local c, s = env.wrapped()
  s:close()
  c:close()
  return (tostring(env.wrapped()):gsub("0x%x+", "")), (tostring(c):gsub("0x%x+", ""))
end)
row("tostring(certificate)", "same", function(env)
  return (tostring(env.ssl.loadcertificate(env.pki.read(env.pki.server.p256.leaf))):gsub("0x%x+", ""))
end)
row("type(connection)", "same", function(env)
  local c = env.wrapped()
  return type(c), type(getmetatable(c).__index), getmetatable(c).__name, type(env.new {}),
    getmetatable(env.new {}).__name
end)

return rows
