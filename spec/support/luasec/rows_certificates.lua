-- LuaSec's table: certificates.
local rows = { title = "Certificates" }

local function row(name, case, verdict, probe, note)
  rows[#rows + 1] = { name = name, case = case, verdict = verdict, probe = probe, note = note }
end

-- A probe of one of the test certificates.
local function on(f, which)
  return function(env)
    local path = which and which(env) or env.pki.server.p256.leaf
    return f(assert(env.ssl.loadcertificate(env.pki.read(path))), env)
  end
end

local function rsa(env) return env.pki.server.rsa2048.leaf end
local function client(env) return env.pki.client.p384.leaf end
local function ed25519(env) return env.pki.server.ed25519.leaf end
local function root_path(env) return env.pki.root.p256 end

row("ssl.loadcertificate", "no certificate", "fixed", function(env) return env.ssl.loadcertificate "x" end,
  "nil and the reason; LuaSec gives nil alone")
row("ssl.loadcertificate", "DER", "fixed", on(function(cert, env)
  local der = cert:pem():gsub("%-%-%-%-%-[^\n]*\n", "")
  return env.ssl.loadcertificate(require "mime".unb64(der)) ~= nil
end), "DER does as well as PEM")
row("subject, issuer", nil, "same", on(function(cert) return cert:subject(), cert:issuer() end))
row("extensions", "names and addresses", "same", on(function(cert) return cert:extensions() end))
row("extensions", "mail", "same", on(function(cert) return cert:extensions() end, client))
row("extensions", "none", "same", on(function(cert) return cert:extensions() end, root_path))
row("notbefore, notafter", nil, "same", on(function(cert) return cert:notbefore(), cert:notafter() end))
row("validat", nil, "same", on(function(cert)
  return cert:validat(0), cert:validat(1700000000), cert:validat(1577836800)
end))
row("validat", "no time", "same", on(function(cert) return pcall(cert.validat, cert) == false end))
row("serial", nil, "same", on(function(cert) return cert:serial() end))
row("digest", nil, "same", on(function(cert)
  return cert:digest(), cert:digest "sha1", cert:digest "sha256", cert:digest "sha512"
end))
row("digest", "what there is not", "same", on(function(cert) return cert:digest "md5" end))
row("digest", "sha384", "fixed", on(function(cert) return cert:digest "sha384" end), "there is SHA-384, too")
row("pubkey", "EC", "same", on(function(cert) return cert:pubkey() end))
row("pubkey", "RSA", "same", on(function(cert) return cert:pubkey() end, rsa))
row("pubkey", "Ed25519", "same", on(function(cert) return cert:pubkey() end, ed25519))
row("getsignaturename", nil, "same", on(function(cert) return cert:getsignaturename() end))
row("getsignaturename", "RSA", "same", on(function(cert) return cert:getsignaturename() end, rsa))
row("getsignaturename", "Ed25519", "same", on(function(cert) return cert:getsignaturename() end, ed25519))
row("pem", nil, "same", on(function(cert) return cert:pem() end))
row("setencode", nil, "same", on(function(cert)
  return cert:setencode "utf8", cert:setencode "ai5", cert:setencode "x"
end))
local function chain(env)
  local list = {}
  for text in env.pki.read(env.pki.server.p256.certificate):gmatch "%-%-%-%-%-BEGIN.-END[^\n]*\n" do
    list[#list + 1] = env.ssl.loadcertificate(text)
  end
  list[#list + 1] = env.ssl.loadcertificate(env.pki.read(env.pki.root.p256))
  return table.unpack(list)
end
row("issued", "by the root, through the intermediate", "same", function(env)
  local leaf, between, root = chain(env)
  return root:issued(leaf, between), root:issued(between), root:issued(root)
end)
row("issued", "with something missing", "same", function(env)
  local leaf, _, root = chain(env)
  return root:issued(leaf)
end)
row("issued", "by an intermediate", "fixed", function(env)
  local leaf, between = chain(env)
  return between:issued(leaf)
end, "true: it need not be a root")
row("issued", "the wrong way", "same", function(env)
  local leaf, _, root = chain(env)
  return leaf:issued(root)
end)
for _, name in ipairs { "expired", "tampered", "self_signed" } do
  row("issued", name, "same", function(env)
    local _, between, root = chain(env)
    return root:issued(env.ssl.loadcertificate(env.pki.read(env.pki.bad[name].leaf)), between)
  end)
end
row("checkhost", nil, "newer", on(function(cert)
  return cert:checkhost "localhost", cert:checkhost "x.w.example", cert:checkhost("x.w.example", "no_wildcards"),
    cert:checkhost "127.0.0.1"
end), "subjectAltName alone; addresses too")

return rows
