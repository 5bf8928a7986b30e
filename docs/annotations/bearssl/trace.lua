---@meta bearssl.trace
-- Made by `make annotations` from the documentation comments.

---What happened in a handshake: every message in its order, what it carried, what was decided because of it.
---`conn:trace` gives the steps of any connection. The functions here make connections to be looked at, and tell of each in a report: a ladder of who sent what when, under which keys and in which round trip, what it is for, and where it failed, why and what cures it. `text`, `html`, `svg` and `value` show reports; they take one, or a list of them.
---@class bearssl.trace.module
local module = {}

---@class bearssl.connection
local connection = {}

---The steps so far. The config must have `trace = true` or `on_message`.
---@return table # a list of steps: `kind` ("message", "record" or "lost"), `name`, `direction` ("sent", "received"), `bytes` (a message with its header, a record as on the wire), `seconds` since the first step, `encrypted`, `fields` (what it carried, in the standard's names), `decisions` (a list of `text` and `section`)
function connection:trace() end

---What was seen of one connection.
---@class bearssl.report
---@field side string whose eyes saw it: `"client"` or `"server"`
---@field host string of a client, as it was asked for; likewise `port`, `name` (SNI and certificate), `starttls`
---@field address string of the peer
---@field label string what it is beside others: `"TLS 1.3"`, `"resumed"`, …
---@field started integer seconds since the epoch
---@field connect_seconds number how long the TCP connection took
---@field seconds number from the first message to the end of the handshake; nil: it came to none
---@field connected boolean the handshake was done, and nothing was wrong with it afterwards
---@field error bearssl.error what it failed with, nil where it did not
---@field failure table the same for people: `code`, `message`, `cause`, `remedy`, …, safe to print
---@field version string what was agreed on; likewise `cipher_suite`, `group`, `signature_scheme`, `alpn`, `resumed`, `early_data` (`"not offered"` where the session does not allow it) and `engine`, as in `conn:info`
---@field round_trips integer of the handshake; nil: it was not done
---@field round_trips_before_data integer how many of them the client waited for before its first data: 0 with early data that was accepted
---@field bytes_sent integer in records of the handshake and alerts; likewise `bytes_received`
---@field items table the ladder, a list: `kind` (`"message"`, `"alert"`, `"record"`, `"early_data"`, `"keys"`: from here on `from` encrypts with the secret `name`; `"lost"`), `name`, `from` (`"client"` or `"server"`), `seconds`, `bytes`, `protection` (`"none"`, `"early"`, `"handshake"`, `"application"`), `flight`, `round_trip`, `fields` (as they are), `rows` (the same for people: `name`, `text`, `rows`), `octets` (the message itself, where the engine shows it), `decisions`, `explanation`, `explanation_section`
local report = {}

---@class bearssl.trace.connect.options
---@field address? string where to connect to, instead of host
---@field label? string of the report
---@field linger? number seconds to wait for tickets after the handshake; 0.3 by default, and 1 where the server asked for a certificate, since its verdict comes with the first read (RFC 8446 section 4.4.2.4)
---@field name? string instead of host, for SNI and the certificate
---@field psk? table an external pre-shared key, as for `config:wrap`
---@field scheduler? string|table as for `bearssl.connect`
---@field starttls? string a protocol of `bearssl.starttls` that comes first: `"smtp"`, …
---@field timeout? number seconds that connect and handshake may take together; 10 by default

---Connects, and reports. What the network or the server does wrong stands in the report.
---Raises: where an option is wrong, with its name
---@param host string
---@param port integer
---@param options? bearssl.trace.connect.options those of `bearssl.client`, with `max_version = "1.3"` where nothing is said, and:
---@return report|nil
---@return nil|bearssl.error # a file that the options name cannot be used
function module.connect(host, port, options) end

---Connects with TLS 1.3, then with TLS 1.2: one round trip against two.
---@param host string
---@param port integer
---@param options? table as for `connect`, without versions
---@return report[]|nil # two of them; a server may have only one of the two versions
---@return nil|bearssl.error
function module.compare(host, port, options) end

---Connects twice: in full, and with the session of the first time (RFC 8446 section 2.2).
---@param host string
---@param port integer
---@param options? table as for `connect`, and `early_data`: a string that goes with the second ClientHello if the session allows it (RFC 8446 section 2.3); it may be replayed, so it must do no harm twice
---@return report[]|nil # two of them; only one where the first came to nothing or left no session
---@return nil|bearssl.error
function module.resume(host, port, options) end

---A report on the server's side of a connection that was accepted; it is closed afterwards.
---Raises: where an option is wrong, with its name
---@param tcp userdata LuaSocket's object
---@param options table those of `bearssl.server`, with `max_version = "1.3"` where nothing is said, and `timeout` (seconds for the handshake, 10 by default), `linger` (to wait for what the client says next, 1 by default), `label`, `answer` (sent after the client's first empty line, so that a browser has something to show)
---@return report|nil
---@return nil|bearssl.error # a file that the options name cannot be used
function module.accept(tcp, options) end

---Reports as text for a terminal.
---@param reports report|table
---@param options? table `width` in columns, 80 by default: below 64 the arrows are short; `ascii`: no other characters; `all`: every field in full; `octets`: the bytes of each message, too; `style`: a function of a text and what it is (`"bold"`, `"dim"`, `"good"`, `"warn"`, `"bad"`) that gives the text with its colour
---@return string # lines
function module.text(reports, options) end

---Reports as a page of HTML that stands by itself: no script, nothing from outside, everything from the wire escaped.
---@param reports report|table
---@return string
function module.html(reports) end

---Reports as a drawing.
---@param reports report|table
---@return string # SVG
function module.svg(reports) end

---Reports as plain tables, for JSON: what is not text is in hexadecimal digits, and all text is UTF-8.
---@param reports report|table
---@return table # `reports`, a list
function module.value(reports) end

---@class bearssl.socket
local socket = {}

---The steps so far. The config must have `trace = true` or `on_message`.
---@return table # a list of steps: `kind` ("message", "record" or "lost"), `name`, `direction` ("sent", "received"), `bytes` (a message with its header, a record as on the wire), `seconds` since the first step, `encrypted`, `fields` (what it carried, in the standard's names), `decisions` (a list of `text` and `section`)
function socket:trace() end

return module
