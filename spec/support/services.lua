-- Servers of others that begin in clear, each with TLS by a chain and key of pki, on 127.0.0.1:
--
--   local server <close> = services.slapd(pki.server.rsa2048)
--   server.port; of dovecot server.imap and server.pop3
local peer = require "spec.support.peer"
local socket = require "socket"

local services = {}

local function reachable(server, port)
  for _ = 1, 3000 do
    local tcp = socket.connect("127.0.0.1", port)
    if tcp then
      tcp:close()
      return true
    end
    if not server:running() then return false end
    socket.sleep(0.02)
  end
end

-- Starts it with ports that were free a moment ago, and again with others where one of them was not.
local function start(names, command, files)
  for _ = 1, 10 do
    local ports, texts = {}, {}
    for _, name in ipairs(names) do ports[name] = peer.free_port() end
    local function fill(text) return (text:gsub("$(%w+)", ports)) end
    for name, text in pairs(files) do texts[name] = fill(text) end
    local server = peer.start(fill(command), nil, texts)
    local up = true
    for _, name in ipairs(names) do
      server[name] = ports[name]
      up = up and reachable(server, ports[name])
    end
    if up then return server end
    local out = server:output()
    server:stop()
    if not out:lower():find("in use", 1, true) then error(command .. "\n" .. out, 3) end
  end
  error("no port for " .. command, 3)
end

local function user()
  local pipe <close> = assert(io.popen "id -un; id -gn")
  return pipe:read("l", "l")
end

function services.slapd(pair)
  return start({ "port" }, "slapd -d 0 -h ldap://127.0.0.1:$port -f @/slapd.conf", {
    ["slapd.conf"] = ("include /etc/ldap/schema/core.schema\npidfile @/pid\nTLSCertificateFile %s\n"
      .. "TLSCertificateKeyFile %s\nTLSVerifyClient never\n"):format(pair.certificate, pair.key),
  })
end

-- Root has users for all this, and its login processes insist on them.
local as_user = [[
default_internal_user = %s
default_internal_group = %s
default_login_user = %s
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
service pop3-login {
  chroot =
}
]]

function services.dovecot(pair)
  local name, group = user()
  return start({ "imap", "pop3" }, "sh -c 'mkdir @/run && exec dovecot -F -c @/dovecot.conf'", {
    ["dovecot.conf"] = ([[
base_dir = @/run
state_dir = @/run
log_path = /dev/stderr
protocols = imap pop3
listen = 127.0.0.1
ssl = required
ssl_cert = <%s
ssl_key = <%s
%s
mail_location = maildir:@/mail
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=%s gid=%s home=@/
}
service imap-login {
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = $pop3
  }
  inet_listener pop3s {
    port = 0
  }
}
]]):format(pair.certificate, pair.key, name ~= "root" and as_user:format(name, group, name) or "", name, group),
  })
end

function services.vsftpd(pair)
  return start({ "port" }, "sh -c 'mkdir @/root @/empty && cp @/hello @/root && exec vsftpd @/vsftpd.conf'", {
    hello = "hello over two connections\n",
    ["vsftpd.conf"] = ([[
background=NO
listen=YES
listen_address=127.0.0.1
listen_port=$port
run_as_launching_user=YES
anonymous_enable=YES
local_enable=NO
no_anon_password=YES
anon_root=@/root
anon_world_readable_only=NO
secure_chroot_dir=@/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
ssl_enable=YES
allow_anon_ssl=YES
require_ssl_reuse=YES
ssl_tlsv1=NO
rsa_cert_file=%s
rsa_private_key_file=%s
]]):format(pair.certificate, pair.key),
  })
end

-- The three below are heavier, and for `make interop`. exim4 wants root.
function services.exim(pair)
  return start({ "port" }, "sh -c 'mkdir @/spool && exec exim4 -C @/exim.conf -bdf'", {
    ["exim.conf"] = ([[
exim_user = root
exim_group = root
spool_directory = @/spool
log_file_path = @/log-%%s
daemon_smtp_ports = $port
local_interfaces = 127.0.0.1
primary_hostname = localhost
tls_advertise_hosts = *
tls_certificate = %s
tls_privatekey = %s
begin acl
begin routers
begin transports
]]):format(pair.certificate, pair.key),
  })
end

-- PostgreSQL will not run as root: its own user has a folder then.
function services.postgres(pair)
  return start({ "port" }, "sh @/start", {
    start = ([[
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
run=
mkdir @/data @/tls
cp %s @/tls/cert && cp %s @/tls/key && chmod 600 @/tls/key
[ "$(id -u)" -ne 0 ] || { chmod 711 @/; chown -R postgres @/data @/tls; run="runuser -u postgres --"; }
cd /
$run "$bin/initdb" -D @/data -A trust -U postgres >/dev/null || exit 1
exec $run "$bin/postgres" -D @/data -p $port -h 127.0.0.1 -k "" -c ssl=on -c ssl_cert_file=@/tls/cert \
  -c ssl_key_file=@/tls/key
]]):format(pair.certificate, pair.key),
  })
end

function services.mariadb(pair)
  return start({ "port" }, "sh @/start", {
    start = ([[
mariadb-install-db --no-defaults --datadir=@/data --user="$(id -un)" --skip-test-db >/dev/null 2>&1 || exit 1
exec mariadbd --no-defaults --datadir=@/data --user="$(id -un)" --bind-address=127.0.0.1 --port=$port \
  --socket=@/socket --pid-file=@/pid --ssl-cert=%s --ssl-key=%s
]]):format(pair.certificate, pair.key),
  })
end

return services
