-- SPDX-License-Identifier: MIT

--- What verbs of the command `bearssl` print with: text, in colour on a terminal, or one JSON document.
-- @module bearssl.command.output
local core = require "bearssl.core"

local output = {}
local Output = { __name = "bearssl.out" }
Output.__index = Output

local codes = { bold = "1", dim = "2", good = "32", warn = "33", bad = "31" }

--- Text from elsewhere as it may be shown: control characters, formatting that is not seen or that turns the direction
-- of writing, and octets that are no UTF-8 become `\0A` and the like; line ends, too.
-- @function output.clean
-- @tparam string text
-- @treturn string UTF-8, in one line
function output.clean(text)
  return core.printable(tostring(text))
end

-- NO_COLOR: https://no-color.org. What is set to the empty string counts as not set there.
local function wants_colour(columns)
  local no = os.getenv "NO_COLOR"
  return columns ~= nil and (no == nil or no == "") and os.getenv "TERM" ~= "dumb"
end

--- Makes an output.
-- @function output.new
-- @tparam[opt] table options `stdout`, `stderr`: files (those of the process); `colour`, `width` instead of what the
-- terminal says; `json`: true: verbs give JSON
-- @treturn bearssl.out with the fields `width` (columns; 80 where there is no terminal), `colour`, `tty`
-- (standard output is a terminal), `wants_json`
function output.new(options)
  options = options or {}
  local columns = not options.stdout and core.terminal(1) or nil
  local colour = options.colour
  if colour == nil then colour = wants_colour(columns) end
  local width = columns and columns >= 20 and columns or tonumber(os.getenv "COLUMNS" or "") or 80
  return setmetatable({
    stdout = options.stdout or io.stdout, stderr = options.stderr or io.stderr, tty = columns ~= nil,
    colour = colour, width = options.width or math.max(20, math.min(width, 1000)), wants_json = options.json == true,
  }, Output)
end

-- The first write that fails is told when the verb has ended.
local function write(out, file, text)
  local ok, err = file:write(text)
  if not ok and file == out.stdout then out.failed = out.failed or err end
end

--- Prints a line. It is printed as it is: what comes from a peer or a file goes through @{output.clean} first.
-- @function out:print
-- @tparam[opt=""] string text
function Output:print(text)
  write(self, self.stdout, (text or "") .. "\n")
end

--- Writes without a line end, octets too.
-- @function out:write
-- @tparam string text
function Output:write(text)
  write(self, self.stdout, text)
end

--- Text in a style, where standard output is a terminal and NO_COLOR is not set.
-- @function out:style
-- @tparam string text
-- @tparam string style `"bold"`, `"good"`, `"warn"`, `"bad"` or `"dim"`
-- @treturn string
function Output:style(text, style)
  local code = assert(codes[style], "an unknown style")
  if not self.colour or text == "" then return text end
  return ("\27[%sm%s\27[0m"):format(code, text)
end

--- Says something beside the result, on standard error: progress, notes.
-- @function out:note
-- @tparam string text
function Output:note(text)
  write(self, self.stderr, text .. "\n")
end

local array = { __jsontype = "array" }

--- A list for @{out:json} that is one even where it is empty.
-- @function output.list
-- @tparam[opt] table list
-- @treturn table the same
function output.list(list)
  return setmetatable(list or {}, array)
end

local function is_list(value)
  local meta = getmetatable(value)
  return meta ~= nil and meta.__jsontype == "array" or value[1] ~= nil
end

-- A copy whose strings are UTF-8; `keys` gathers the names of all fields.
local function plain(value, keys)
  if type(value) == "string" then return utf8.len(value) and value or output.clean(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in pairs(value) do
    if type(key) == "string" and not utf8.len(key) then key = output.clean(key) end
    if type(key) == "string" then keys[key] = true end
    copy[key] = plain(inner, keys)
  end
  return is_list(value) and setmetatable(copy, array) or setmetatable(copy, { __jsontype = "object" })
end

-- What acts on a terminal is escaped in JSON's way.
local function escaped(text)
  return (text:gsub("[\xC2-\xF4][\x80-\xBF]+", function(character)
    if core.printable(character) == character then return nil end
    local c = utf8.codepoint(character)
    if c < 0x10000 then return ("\\u%04x"):format(c) end
    c = c - 0x10000
    return ("\\u%04x\\u%04x"):format(0xd800 | c >> 10, 0xdc00 | c & 0x3ff)
  end))
end

--- JSON of a value: the names in alphabetical order, `first` before them.
-- @function output.encode
-- @tparam table value
-- @tparam[opt] {string,...} first
-- @tparam[opt=false] boolean compact true: in one line
-- @treturn string
-- @raise where there is no dkjson
function output.encode(value, first, compact)
  local keys, order, before = {}, {}, {}
  local copy = plain(value, keys)
  for _, key in ipairs(first or {}) do before[key] = true end
  for key in pairs(keys) do
    if not before[key] then order[#order + 1] = key end
  end
  table.sort(order)
  for i, key in ipairs(first or {}) do table.insert(order, i, key) end
  return escaped(require "dkjson".encode(copy, { indent = not compact, keyorder = order }))
end

--- The JSON document of a verb: the fields of a table after `schema`, the verb's name, and `schema_version`.
-- @function out:document
-- @tparam table value
-- @treturn string with a line end
function Output:document(value)
  local all = { schema = "bearssl." .. (self.verb or "command"), schema_version = self.schema_version or 1 }
  for key, inner in pairs(value) do all[key] = inner end
  return output.encode(all, { "schema", "schema_version" }) .. "\n"
end

--- Prints the JSON document of a verb, @{out:document}. A verb calls it once.
-- @function out:json
-- @tparam table value
function Output:json(value)
  self:write(self:document(value))
end

--- An error as a table for @{out:json}.
-- @function output.error
-- @tparam string|bearssl.error err
-- @treturn table `code`, `message`, and where they are known `alert`, `side`, `where`, `cause`, `hint`
function output.error(err)
  if type(err) ~= "table" then return { code = tostring(err), message = tostring(err) } end
  local copy = {}
  for _, name in ipairs { "code", "message", "alert", "side", "where", "cause", "hint" } do copy[name] = err[name] end
  return copy
end

--- The lines that an error is told in: what it is, why, and what cures it.
-- @function output.lines
-- @tparam string|bearssl.error err
-- @treturn {string,...} fit for a terminal
function output.lines(err)
  if type(err) ~= "table" then return { output.clean(err) } end
  local about = {}
  if err.where then about[1] = err.where end
  local way = err.side == "peer" and "received" or "sent"
  if err.alert then about[#about + 1] = ("alert %s %s"):format(err.alert, way) end
  local head = err.code == "option" and err.message or ("%s: %s"):format(err.code, err.message)
  if about[1] then head = ("%s (%s)"):format(head, table.concat(about, ", ")) end
  local lines = { output.clean(head) }
  if err.cause then lines[#lines + 1] = "  cause: " .. output.clean(err.cause) end
  if err.hint then lines[#lines + 1] = "  hint:  " .. output.clean(err.hint) end
  return lines
end

--- Tells why a verb has failed: on standard error, or where JSON is wanted as its document, `{ error = … }`.
-- @function out:fail
-- @tparam string|bearssl.error err
-- @tparam[opt] string what it was about: the target
function Output:fail(err, what)
  if self.wants_json then return self:json { error = output.error(err), target = what } end
  local lines = output.lines(err)
  local prefix = what and output.clean(what) .. ": " or ""
  self:note(("bearssl: %s%s"):format(prefix, lines[1]))
  for i = 2, #lines do self:note(lines[i]) end
end

--- Words into lines of a width.
-- @function output.wrap
-- @tparam string text
-- @tparam integer width columns
-- @tparam[opt=""] string indent before each line but the first
-- @treturn string
function output.wrap(text, width, indent)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    local longer = line == "" and word or line .. " " .. word
    if line ~= "" and (utf8.len(longer) or #longer) > width then
      lines[#lines + 1] = line
      line = word
    else
      line = longer
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n" .. (indent or ""))
end

--- Has all of it written.
-- @function out:finish
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why not: a full disk
function Output:finish()
  local ok, err = self.stdout:flush()
  self.stderr:flush()
  if self.failed or not ok then return nil, self.failed or err end
  return true
end

return output
