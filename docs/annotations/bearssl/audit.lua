---@meta bearssl.audit
-- Made by `make annotations` from the documentation comments.

---What a TLS server supports, and how well.
---Most questions are ClientHellos made by hand, whose answer tells what the server has without any mathematics: so also what no engine here implements. The rest are a few whole handshakes. Connections are few (some 180 for a server with everything), some at a time, and each is bounded in time and octets. Nothing that a server says is believed to be harmless: texts in a report are as they came, for who shows them to escape.
---`version` is that of the report, which the JSON of `bearssl audit` has, too; `grades` are all grades from the best to the worst: A+, A, B, C, D, F, and T where a certificate is not trusted.
---@class bearssl.audit.module
local module = {}

---Audits a server.
---Raises: if an argument or an option is wrong
---@param host string name or IP address
---@param port integer
---@param options? table - `name`: the server name that is asked for (host) - `address`: connects there instead of to host - `starttls`: `"smtp"`, `"imap"`, `"pop3"`, `"ftp"`, `"xmpp"`, `"ldap"`, `"postgres"` or `"mysql"` - `trust`: what a store is made of (`"system"`); `certificate`, `key`: a client's, for the whole handshakes - `timeout`: seconds for one connection (5), `total_timeout` for the whole audit (120): what is known by then is given - `concurrency`: connections at a time (6) - `http`: whether the server speaks HTTP, and may be asked for `/` (true without `starttls`); `http_port`: where HTTP in clear is asked for a redirect (80 where port is 443) - `weaknesses`: whether to ask for faults of implementations, by what no client would send (true) - `time`: seconds since the epoch that certificates are judged by (now) - `on_progress(done, total, what)`: is called as tasks end; `total` grows
---@return table|nil # the report: - `target`: `host`, `port`, `name`, `address`, `starttls`; `seconds`, `connections`, `octets` - `protocols`: a list of `name`, `offered` (nil: not known), `suites` (a list of `name`, `id`, `bits`, `forward_secret`, `aead`, in the server's order), `preference` (`"server"`, `"client"`), `prefers_chacha` - `groups`, `signature_schemes`: lists of names by version; `dh`: `bits` and `group` by version - `certificates`: a list of `auth`, `subject`, `names`, `key`, `signature`, `not_after`, `days_left`, `chain`, `trusted`, `trust_error`, `name_matches`, `staple`, `scts`, … - `features`: `secure_renegotiation`, `client_renegotiation`, `fallback_scsv`, `extended_master_secret`, `encrypt_then_mac`, `compression`, `heartbeat`, `alpn`, `resumption`, `early_data`, … - `tickets`: `lifetime` in seconds, `key_names`, `same_key` by version; `client_certificate`: what was asked for - `tolerance`: a list of `id`, `what`, `ok`, `answer`; `http`: `status`, `hsts`, `clear` - `findings`: a list of `id`, `title`, `severity`, `evidence`, `sources`, `remedy` (`nginx`, `apache`, `haproxy`), worst first; `checks`: of each rule `id` and `status` (`"finding"`, `"ok"`, `"unknown"`) - `gaps`: a list of `what` could not be learnt and `why` - `grade`, `reasons`, `grade_if_trusted`
---@return nil|string|bearssl.error # `"timeout"`, why there was no connection, or that the server does not speak TLS
function module.run(host, port, options) end

---Is a grade worse than another one?
---Raises: if one of them is no grade
---@param grade string
---@param than string
---@return boolean
function module.worse(grade, than) end

return module
