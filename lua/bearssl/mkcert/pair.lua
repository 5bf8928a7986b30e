-- SPDX-License-Identifier: MIT
-- A certificate, or a request, and its key: two files, which no one call puts in place at once. The key waits as
-- KEY.new until the certificate is in its place. A run that ends before that leaves the pair that was there; one that
-- ends behind it leaves KEY.new, which the next run finds to be the certificate's and puts in place.
local core = require "bearssl.core"
local keys = require "bearssl.key"
local x509 = require "bearssl.x509"

local pair = {}

local PUBLIC, MAX_REQUEST = tonumber("644", 8), 1 << 20

local function exists(path)
  return core.file_stamp(path) ~= nil
end

local function failure(message, hint)
  return core.error { code = "file_write", message = message, side = "local", hint = hint }
end

local function request_in(path)
  local file <close> = io.open(path, "rb")
  local der = file and core.unpem(file:read(MAX_REQUEST) or "", "CERTIFICATE REQUEST")
  return der and core.parse_request(der)
end

-- SubjectPublicKeyInfo of a certificate or a request in a file; nil: it has none.
local function public_key_in(path)
  if not exists(path) then return nil end
  local chain = x509.load(path)
  if chain then return chain[1].public_key.spki end
  local request = request_in(path)
  return request and request.spki
end

local function put_key(paths)
  local ok, why = os.rename(paths.key .. ".new", paths.key)
  if ok then return true end
  return nil, failure(why, "the certificate is in place, and its key waits beside: the next run puts it there")
end

-- Ends what a run has begun that was killed between the two files. paths: `certificate`, `key`.
function pair.finish(paths)
  local waiting = exists(paths.key .. ".new") and keys.load(paths.key .. ".new")
  if not waiting or waiting.public_key ~= public_key_in(paths.certificate) then return true end
  return put_key(paths)
end

local function is_free(paths)
  for _, path in ipairs { paths.certificate, paths.key } do
    if exists(path) then return nil, failure(path .. ": File exists") end
  end
  return true
end

local function write(paths, key, text, replace)
  local ok, err = pair.finish(paths)
  if ok and not replace then ok, err = is_free(paths) end
  if ok then ok, err = key:save(paths.key .. ".new", true) end
  if not ok then return nil, err end
  ok, err = core.write_file(paths.certificate, text, PUBLIC, replace)
  if not ok then
    os.remove(paths.key .. ".new")
    return nil, err
  end
  return put_key(paths)
end

-- Both or none. What is there stays unless `replace`.
function pair.write(paths, key, text, replace)
  local path = paths.key .. ".new.lock"
  local lock <close>, err = core.lock_file(path)
  if not lock then return nil, err end
  local ok
  ok, err = write(paths, key, text, replace or false)
  os.remove(path)
  return ok, err
end

return pair
