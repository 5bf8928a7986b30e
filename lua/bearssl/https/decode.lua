-- SPDX-License-Identifier: MIT
-- bearssl.https: content codings (RFC 9110 section 8.4.1), by the zlib that may be there (lua-zlib).
local failure = require "bearssl.https.failure"

local decode = {}

local SLICE = 4096 -- compressed bytes at a time: zlib makes 1032 of one at most, so that is what a step may take
local MAX_CODINGS = 3

local library

-- Other modules of that name (lzlib) have an inflate that gives an object.
local function is_ours(module)
  local ok, inflate = pcall(function() return module.inflate() end)
  return ok and type(inflate) == "function"
end

local function zlib()
  if library == nil then
    local ok, found = pcall(require, "zlib")
    library = ok and is_ours(found) and found or false
  end
  return library
end

-- A module that nobody has loaded, and that is a file. To load it costs more than all else that is done for a request.
local function seems_there()
  if library ~= nil or package.loaded.zlib or package.preload.zlib then return false end
  return (package.searchpath("zlib", package.cpath) or package.searchpath("zlib", package.path)) ~= nil
end

-- What Accept-Encoding may say; nil without a zlib. And whether that was guessed, where that is allowed.
function decode.accepted(may_guess)
  local guessed = may_guess and seems_there()
  return (guessed or zlib()) and "gzip, deflate" or nil, guessed
end

local known = { gzip = true, ["x-gzip"] = true, deflate = true }

local function list_of(text)
  local list = {}
  for name in (text or ""):lower():gmatch "[^,%s]+" do
    if name ~= "identity" then
      if not known[name] or #list == MAX_CODINGS then return nil end
      table.insert(list, 1, name)
    end
  end
  return #list > 0 and list or nil
end

-- The codings of a body, the outermost first; nil where one of them is unknown, or there are too many, which leaves all
-- of them to the caller.
function decode.codings(text)
  local list = list_of(text)
  return list and zlib() and list or nil
end

-- Was it guessed wrong that these codings could be undone? Then nobody guesses again.
function decode.is_beyond(text)
  return list_of(text) ~= nil and not zlib()
end

-- "deflate" is zlib's format (RFC 9110 section 8.4.1.2), but some send the bare one: a zlib header divides by 31.
local function inflater(name, first)
  local bare = name == "deflate" and #first > 1 and
    ((first:byte(1) & 0xf) ~= 8 or (first:byte(1) << 8 | first:byte(2)) % 31 ~= 0)
  return zlib().inflate(bare and -15 or nil)
end

local function damaged(message)
  return nil, failure.new("decode", "Content-Encoding", message)
end

-- One slice through the inflater: what it makes, and how many bytes of the slice it took; or nil, error. Members of
-- gzip may follow each other (RFC 1952 section 2.2).
local function inflate(state, slice)
  if state.finished then
    if state.name == "deflate" then return damaged "there is something after the compressed body" end
    state.inflate, state.finished, state.before = inflater(state.name, slice), false, 0
  end
  local ok, data, eof, used = pcall(state.inflate, slice)
  if not ok then return damaged "the compressed body does not decode" end
  local taken = used - state.before
  state.before, state.finished = used, eof
  return data, taken
end

-- Has something wait in `state`, enough to know the format by, unless there is no more.
local function fill(state, source)
  while not state.ended and (state.at > #state.waiting or not state.inflate and #state.waiting < 2) do
    local data, err = source()
    if err then return nil, err end
    state.ended = data == nil
    state.waiting, state.at = state.waiting:sub(state.at) .. (data or ""), 1
  end
  return true
end

-- An ltn12 source of what `source` gives, decoded.
local function decoded(source, name)
  local state = { name = name, before = 0, waiting = "", at = 1, ended = false }
  local function step()
    local ok, err = fill(state, source)
    if not ok then return nil, err end
    if state.at > #state.waiting then
      if not state.inflate or state.finished then return nil end
      return nil, failure.new("truncated", "Content-Encoding", "the compressed body ends too soon")
    end
    state.inflate = state.inflate or inflater(name, state.waiting)
    local data, taken = inflate(state, state.waiting:sub(state.at, state.at + SLICE - 1))
    if not data then return nil, taken end
    state.at = state.at + taken
    return data
  end
  return function()
    local data, err
    repeat data, err = step() until data ~= ""
    return data, err
  end
end

function decode.source(source, codings)
  for _, name in ipairs(codings) do source = decoded(source, name) end
  return source
end

return decode
