-- SPDX-License-Identifier: MIT

--- What this machine's TLS looks like from here: versions of libraries, accelerations, trust store, clock, entropy,
-- which engine a connection gets and why. The command `bearssl doctor` prints it.
-- @module bearssl.doctor
local bearssl = require "bearssl"
local check = require "bearssl.check"
local core = require "bearssl.core"
local suites = require "bearssl.suites"

local doctor = {}

local DAY = 86400
local OLD = 365 * DAY -- a trust store older than that lacks roots, and has some that are distrusted by now
local SKEW = 120 -- seconds that a clock may differ from a server's

local function entry(name, status, text, remedy)
  return { name = name, status = status, text = text, remedy = remedy }
end

local checks = {}

local function version_of(name, field)
  local ok, module = pcall(require, name)
  if not ok then return nil end
  local value = type(module) == "table" and module[field]
  return value and tostring(value) or "found"
end

function checks.versions()
  return entry("bearssl", "ok", ("%s, on BearSSL 0.6; %s"):format(bearssl._VERSION:match "%S+$", _VERSION))
end

local optional = {
  { "argparse", "version", "the command needs it", "lua-argparse" },
  { "dkjson", "version", "JSON needs it", "lua-dkjson" },
  { "zlib", "_VERSION", "responses are decompressed by it", "lua-zlib" },
}

function checks.libraries()
  local found, missing = {}, {}
  for _, each in ipairs(optional) do
    local version = version_of(each[1], each[2])
    if version then
      local number = version:match "%f[%w]%d+%.[%d.]+"
      found[#found + 1] = number and ("%s %s"):format(each[1], number) or each[1]
    else
      missing[#missing + 1] = ("%s (%s: Debian's %s)"):format(each[1], each[3], each[4])
    end
  end
  local text = table.concat(found, ", ")
  if missing[1] then text = ("%s; not there: %s"):format(text, table.concat(missing, ", ")) end
  return entry("libraries", "ok", text)
end

function checks.luasocket()
  local version = version_of("socket", "_VERSION")
  if version then return entry("LuaSocket", "ok", version:match "%d.*" or version) end
  return entry("LuaSocket", "error", "not found: no connection can be made by name",
    "install lua-socket, or luarocks install luasocket")
end

function checks.accelerations(report)
  local used, unused = {}, {}
  for name, here in pairs(core.accelerations()) do
    table.insert(here and used or unused, name)
  end
  table.sort(used)
  table.sort(unused)
  report.accelerations = used
  local restricted = os.getenv "BEARSSL_ACCEL"
  local text = used[1] and table.concat(used, ", ") or "none: the portable code is used"
  if unused[1] and used[1] then text = ("%s; not here: %s"):format(text, table.concat(unused, ", ")) end
  if not restricted then return entry("accelerations", "ok", text) end
  return entry("accelerations", "warning", ("%s; BEARSSL_ACCEL=%s restricts them"):format(text, restricted),
    "unset BEARSSL_ACCEL, which is for tests")
end

function checks.suites()
  local first = suites.defaults("1.2", "1.3")[1]
  local why = core.hardware_aes and "the processor has instructions for AES" or
    "the processor has no instructions for AES"
  return entry("first suite", "ok", ("%s: %s"):format(first, why))
end

-- Where the system's anchors are, as store "system" looks for them.
local function trust_place()
  local file, folders = os.getenv "SSL_CERT_FILE", os.getenv "SSL_CERT_DIR"
  if file and file ~= "" then return file, "SSL_CERT_FILE" end
  if folders and folders ~= "" then return folders:match "^[^:]*", "SSL_CERT_DIR" end
  for _, path in ipairs(core.trust_places()) do
    if core.file_time(path) then return path end
  end
end

-- Of a bundle in one file: how many have expired.
local function expired_in(path, now)
  local list = bearssl.x509.load(path)
  local count = 0
  for _, each in ipairs(list or {}) do
    if each.not_after < now then count = count + 1 end
  end
  return count
end

function checks.trust(report)
  local store, err = bearssl.store "system"
  local path, variable = trust_place()
  if not store then
    return entry("trust store", "error", tostring(err.message) .. (path and ": " .. path or ""),
      err.hint or "install ca-certificates")
  end
  local changed = path and core.file_time(path)
  local age = changed and report.time - changed
  report.trust = { path = path, count = #store, changed = changed }
  local text = ("%d certificates in %s"):format(#store, path or "?")
  if variable then text = ("%s (%s)"):format(text, variable) end
  if changed then text = ("%s, changed %s"):format(text, os.date("!%Y-%m-%d", changed)) end
  local expired = path and expired_in(path, report.time) or 0
  if expired > 0 then text = ("%s; %d have expired"):format(text, expired) end
  if age and age > OLD then
    return entry("trust store", "warning", ("%s, %d days ago"):format(text, age // DAY),
      "update ca-certificates, or what the file came with")
  end
  return entry("trust store", "ok", text)
end

-- The clock cannot be before what was made on this machine.
function checks.clock(report)
  local shown = os.date("!%Y-%m-%d %H:%M:%S UTC", report.time)
  local module = package.searchpath("bearssl.core", package.cpath)
  local store = report.trust and report.trust.path
  local made = math.max(module and core.file_time(module) or 0, store and core.file_time(store) or 0)
  if report.time + DAY < made then
    return entry("clock", "error", ("%s, and there are files of %s"):format(shown, os.date("!%Y-%m-%d", made)),
      "set the clock: certificates count as not yet valid")
  end
  return entry("clock", "ok", shown)
end

function checks.entropy()
  local one, err = core.random(32)
  if not one then return entry("entropy", "error", tostring(err), "the system call getrandom is not allowed here") end
  local other = core.random(32)
  if one == other or one == ("\0"):rep(32) then
    return entry("entropy", "error", "getrandom gives the same bytes twice", "do not use this machine for TLS")
  end
  return entry("entropy", "ok", "getrandom answers")
end

local variables = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE",
  "SSL_CERT_DIR" }

-- No password of a proxy is shown.
function checks.environment()
  local set = {}
  for _, name in ipairs(variables) do
    local value = os.getenv(name)
    if value and value ~= "" then
      set[#set + 1] = ("%s=%s"):format(name, require "bearssl.https.target".without_password(value))
    end
  end
  return entry("environment", "ok", set[1] and table.concat(set, " ") or "nothing set that counts")
end

-- Which engine a config with these options has, and why.
local function engine_of(options)
  local read, wrong = require "bearssl.options".read("client", options)
  if not read then return nil, wrong end
  local native = read.fields.native
  if options.engine then return native and "native" or "bear", "the option engine says so" end
  if native then return "native", "TLS 1.3 is among its versions, which only our own engine has" end
  if options.max_version then return "bear", ("its versions stop at %s"):format(options.max_version) end
  return "bear", "its cipher suites are of TLS 1.2 or older"
end

function checks.engine(report, options)
  local engine, why = engine_of(options.config)
  if not engine then return entry("engine", "error", why) end
  report.engine = { name = engine, reason = why }
  return entry("engine", "ok", ("%s: %s"):format(engine, why))
end

-- The time that a server of HTTP says it is, by a HEAD request on the connection.
local function server_time(sock, name)
  if not sock:send(("HEAD / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"):format(name)) then return nil end
  for _ = 1, 100 do
    local line = sock:receive("*l", "", 8192)
    if not line or line == "" then return nil end
    local date = line:match "^[Dd]ate:%s*(.-)%s*$"
    if date then return require "bearssl.ngx.time".parse_http_time(date) end
  end
end

local function of_target(list, report, sock, name)
  local info = sock:info()
  report.target = { name = name, version = info.version, cipher_suite = info.cipher_suite, group = info.group,
    engine = info.engine, alpn = info.alpn }
  list[#list + 1] = entry("target", "ok", ("%s: %s, %s, %s, by the engine %s"):format(name, info.version,
    info.cipher_suite, info.group or "no group", info.engine))
  local there = server_time(sock, name)
  if not there then return end
  local ahead = report.time - there
  report.target.clock_difference = ahead
  if math.abs(ahead) <= SKEW then
    list[#list + 1] = entry("its clock", "ok", ("%d seconds from ours"):format(math.abs(ahead)))
  else
    list[#list + 1] = entry("its clock", "warning", ("this machine's is %d seconds %s"):format(math.abs(ahead),
      ahead > 0 and "ahead" or "behind"), "set the clock, by NTP best")
  end
end

local order = { "versions", "luasocket", "libraries", "accelerations", "suites", "trust", "clock", "entropy",
  "environment", "engine" }

local known = {
  time = check.integer(0, 253402300799), config = check.of_type "table", socket = function(value) return value end,
  name = check.of_type "string",
}

--- Looks at this machine.
-- @function doctor.examine
-- @tparam[opt] table options
--
-- - `config`: options of `bearssl.client`, whose engine is told
-- - `socket`: a connection whose handshake is done, and `name`, its server's: what it got is told, and by a request of
--   HTTP how far the clocks are apart
-- - `time`: seconds since the epoch, instead of now
-- @treturn table `checks`: a list of `name`, `status` ("ok", "warning", "error"), `text`, `remedy`; `version`, `lua`,
-- `accelerations`, `trust` (`path`, `count`, `changed`), `engine` (`name`, `reason`), `target`
-- @raise for an unknown option or a wrong type
function doctor.examine(given)
  local options, wrong = check.options(given or {}, known, { config = {} })
  if not options then error("bearssl.doctor.examine: " .. wrong, 2) end
  local report = { time = options.time or os.time(), version = bearssl._VERSION:match "%S+$", lua = _VERSION }
  local list = {}
  for i, name in ipairs(order) do list[i] = checks[name](report, options) end
  if options.socket then of_target(list, report, options.socket, options.name or "?") end
  report.checks = list
  return report
end

return doctor
