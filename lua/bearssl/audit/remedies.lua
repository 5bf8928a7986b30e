-- SPDX-License-Identifier: MIT
-- What cures a finding: lines of configuration for nginx, Apache's mod_ssl and HAProxy. The suites are those of
-- Mozilla's guidelines ("intermediate", version 5.7), whose order is the client's.
local MODERN_12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
  .. "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

return {
  versions = {
    nginx = "ssl_protocols TLSv1.2 TLSv1.3;",
    apache = "SSLProtocol -all +TLSv1.2 +TLSv1.3",
    haproxy = "ssl-default-bind-options ssl-min-ver TLSv1.2",
  },
  suites = {
    nginx = "ssl_ciphers " .. MODERN_12 .. ";",
    apache = "SSLCipherSuite " .. MODERN_12,
    haproxy = "ssl-default-bind-ciphers " .. MODERN_12,
  },
  order = {
    nginx = "ssl_prefer_server_ciphers on;",
    apache = "SSLHonorCipherOrder on",
    haproxy = "ssl-default-bind-options prefer-client-ciphers # leave this out",
  },
  dh = {
    nginx = "ssl_dhparam /etc/ssl/ffdhe2048.pem; # or no DHE suites at all, which is simpler",
    apache = "SSLOpenSSLConfCmd DHParameters \"/etc/ssl/ffdhe2048.pem\"",
    haproxy = "ssl-dh-param-file /etc/ssl/ffdhe2048.pem",
  },
  groups = {
    nginx = "ssl_ecdh_curve X25519:prime256v1:secp384r1;",
    apache = "SSLOpenSSLConfCmd Groups X25519:prime256v1:secp384r1",
    haproxy = "ssl-default-bind-curves X25519:P-256:P-384",
  },
  hybrid = {
    nginx = "ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1:secp384r1; # OpenSSL 3.5 or later",
    apache = "SSLOpenSSLConfCmd Groups X25519MLKEM768:X25519:prime256v1:secp384r1 # OpenSSL 3.5 or later",
    haproxy = "ssl-default-bind-curves X25519MLKEM768:X25519:P-256:P-384 # OpenSSL 3.5 or later",
  },
  signatures = {
    nginx = "ssl_conf_command SignatureAlgorithms ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256;",
    apache = "SSLOpenSSLConfCmd SignatureAlgorithms ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256",
    haproxy = "ssl-default-bind-sigalgs ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256",
  },
  certificate = {
    nginx = "ssl_certificate /etc/ssl/chain.pem; # the leaf first, then its issuers, without the root",
    apache = "SSLCertificateFile /etc/ssl/chain.pem # the leaf first, then its issuers, without the root",
    haproxy = "bind :443 ssl crt /etc/ssl/chain-and-key.pem",
  },
  staple = {
    nginx = "ssl_stapling on; ssl_stapling_verify on; resolver 127.0.0.1;",
    apache = "SSLUseStapling on\nSSLStaplingCache shmcb:/run/apache2/ssl_stapling(32768)",
    haproxy = "ocsp-update on # in the crt-list, HAProxy 2.8 or later",
  },
  tickets = {
    nginx = "ssl_session_timeout 1d; ssl_session_cache shared:SSL:10m; ssl_session_tickets off;",
    apache = "SSLSessionTickets off",
    haproxy = "ssl-default-bind-options no-tls-tickets",
  },
  early_data = {
    nginx = "ssl_early_data off; # or proxy_set_header Early-Data $ssl_early_data; and a backend that answers 425",
    apache = "# mod_ssl has no early data",
    haproxy = "# leave out allow-0rtt, or: http-request wait-for-handshake unless METH_GET",
  },
  hsts = {
    nginx = 'add_header Strict-Transport-Security "max-age=63072000" always;',
    apache = 'Header always set Strict-Transport-Security "max-age=63072000"',
    haproxy = 'http-response set-header Strict-Transport-Security "max-age=63072000"',
  },
  redirect = {
    nginx = "server { listen 80; return 301 https://$host$request_uri; }",
    apache = "RewriteEngine On\nRewriteRule ^(.*)$ https://%{HTTP_HOST}$1 [R=301,L]",
    haproxy = "http-request redirect scheme https code 301 unless { ssl_fc }",
  },
  compression = {
    nginx = "# nginx has none; its OpenSSL is older than 1.1.0: update it",
    apache = "SSLCompression off",
    haproxy = "# HAProxy has none; its OpenSSL is older than 1.1.0: update it",
  },
  body_compression = {
    nginx = "gzip off; # where answers have both secrets and what a client has sent",
    apache = "RemoveOutputFilter DEFLATE # likewise",
    haproxy = "# leave out compression algo, likewise",
  },
  renegotiation = {
    nginx = "ssl_conf_command Options NoRenegotiation; # OpenSSL 1.1.0h or later; TLS 1.3 has none at all",
    apache = "SSLOpenSSLConfCmd Options NoRenegotiation",
    haproxy = "# HAProxy refuses it; its TLS library is too old: update it",
  },
  update = {
    nginx = "# update the TLS library, restart, and change keys and certificates after Heartbleed or ROBOT",
    apache = "# update the TLS library, restart, and change keys and certificates after Heartbleed or ROBOT",
    haproxy = "# update the TLS library, restart, and change keys and certificates after Heartbleed or ROBOT",
  },
}
