-- SPDX-License-Identifier: MIT
-- One config of a server with the files that it was read from: read again when they have changed, in one step or not at
-- all. A unit is { name, given (options of bearssl.server), config, paths, stamps }.
local core = require "bearssl.core"
local maker = require "bearssl.config"
local read_options = require "bearssl.options".read
local is_path = require "bearssl.server.options".is_path

local unit = {}

local function add_paths(list, value)
  if is_path(value) then
    list[#list + 1] = value
  elseif type(value) == "table" then
    for _, each in ipairs(value) do add_paths(list, each) end
  end
end

local function paths_of(given)
  local list = {}
  for _, name in ipairs { "certificate", "key", "client_trust", "ocsp_staple" } do add_paths(list, given[name]) end
  for _, name in ipairs { "crl", "issuers" } do add_paths(list, given.revocation and given.revocation[name]) end
  return list
end

-- What all its files look like now, in one string: one that is not there counts too.
local function look(paths)
  local stamps = {}
  for i, path in ipairs(paths) do stamps[i] = core.file_stamp(path) or "none" end
  return table.concat(stamps, ";")
end

-- A password that is a function may raise; that is no reason to end a server that runs.
local function make(given)
  local ok, config, err = pcall(maker.server, given)
  if ok then return config, err end
  return nil, core.error { code = "internal", message = tostring(config), where = "reload", side = "local" }
end

local function changing(self)
  return nil, core.error {
    code = "file", message = "a file changed while it was read", where = self.name or "certificate", side = "local",
  }
end

-- What may go well another time though the files stay as they are: no descriptors were left, say.
local may_pass = { file = true, memory = true, internal = true }

-- Reads all its files, and has the new config in the place of the old one if they belong together. `heir`: a config
-- whose sessions it goes on with, where it has none before it.
local function read(self, heir)
  local stamps = look(self.paths)
  local config, err = make(self.given)
  if config and look(self.paths) ~= stamps then config, err = changing(self) end
  if not config then
    self.refused, self.passing = stamps, may_pass[err.code]
    return nil, err
  end
  local before = self.config or heir
  if before then config:share_sessions(before) end -- BearSSL's engine has none to share
  self.config, self.stamps, self.refused, self.seen = config, stamps, nil, nil
  return true
end

-- name: of the host, nil: of the default certificate.
function unit.new(name, given, heir)
  local self = { name = name, given = given, paths = paths_of(given) }
  self.native = read_options("server", given).fields.native
  local ok, err = read(self, heir)
  if not ok then return nil, err end
  return self
end

unit.read = read

-- Whether its files have changed and are at rest: two looks in a row saw the same, so that nobody is in the middle of
-- writing them. "soon": they have changed just now. "again": they are what was refused, for a reason that may be gone.
function unit.changed(self)
  local now = look(self.paths)
  if now == self.stamps or now == self.refused then
    self.seen = nil
    return now ~= self.stamps and self.passing and "again" or false
  end
  local same = now == self.seen
  self.seen = now
  return same or "soon"
end

return unit
