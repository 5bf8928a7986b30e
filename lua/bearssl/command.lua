-- SPDX-License-Identifier: MIT

--- The command `bearssl`: `bearssl VERB …` (docs/command.md).
-- @module bearssl.command

-- A verb is a name here and the module bearssl.command.NAME: { summary, setup(parser), run(args, out) -> status }, with
-- `schema`, the version of its JSON, where that is not 1, and rewrite(argv, i), where what stands behind the verb may
-- be left out. It is loaded when it is named.
local output = require "bearssl.command.output"
local status = require "bearssl.command.status"

local command = {}

local verbs = {
  "cert",
  "trace",
  "audit",
  "get",
  "serve",
  "mkcert",
  "renew",
  "watch",
  "pin",
  "doctor",
  "help",
  "completion",
}

local known = {}
for _, name in ipairs(verbs) do known[name] = true end

local function verb(name)
  return require("bearssl.command." .. name)
end

local function argparse()
  local found, module = pcall(require, "argparse")
  if found then return module end
  error("bearssl: the command needs argparse: Debian's lua-argparse, or luarocks install argparse", 0)
end

local function add_help(parser, asked)
  parser:flag "-h --help":description "Show this help and exit.":action(function()
    asked.help = parser:get_help()
    error "help" -- what is missing behind it does not matter any more
  end)
end

--- Argparse's parser of the command.
-- @function command.parser
-- @tparam[opt] string|table only the verb whose options are wanted; without it, those of all
-- @tparam[opt] table asked gets `help` or `version` where they were asked for
-- @treturn table
-- @treturn table the parsers of the verbs, by name
function command.parser(only, asked)
  asked = asked or {}
  local subs = {}
  local parser = argparse()("bearssl"):add_help(false):require_command(true):command_target "verb"
    :description "See a handshake, inspect a certificate, audit a server, fetch and serve over HTTPS."
    :epilog "bearssl help VERB tells more of a verb; the manual is docs/command.md."
    :help_max_width(80):usage_max_width(80)
  add_help(parser, asked)
  parser:flag "--version":description "Show the version and exit.":action(function()
    asked.version = true
    error "version"
  end)
  for _, name in ipairs(verbs) do
    local sub = parser:command(name):add_help(false)
    if not only or only == name then
      local module = verb(name)
      sub:summary(module.summary):description(module.description or module.summary)
      module.setup(sub)
    end
    add_help(sub, asked)
    subs[name] = sub
  end
  return parser, subs
end

--- The names of all verbs.
-- @function command.verbs
-- @treturn {string,...}
function command.verbs()
  return table.move(verbs, 1, #verbs, 1, {})
end

-- The verb that the arguments name, so that no other is loaded, and where; nil where it is none.
local function named(argv)
  for i, word in ipairs(argv) do
    if word == "--" then return nil end
    if not word:find "^%-" then return known[word] and word, i end
  end
end

local function say_version(out)
  out:print("bearssl " .. require "bearssl.version")
  return status.ok
end

local function usage(parser, out, message)
  out:note("bearssl: " .. output.clean(message):gsub("\\0A", "\n"))
  out:note(parser:get_usage())
  return status.usage
end

local function run(argv, out)
  local name, at = named(argv)
  local asked = {}
  local rewrite = name and verb(name).rewrite
  if rewrite then argv = rewrite(argv, at) end
  local parser, subs = command.parser(name or "help", asked)
  if not argv[1] then
    out:note(command.parser():get_help())
    return status.usage
  end
  local fine, ok, args = pcall(parser.pparse, parser, argv)
  if asked.version then return say_version(out) end
  if asked.help then
    out:print(not name and command.parser():get_help() or asked.help)
    return status.ok
  end
  if not fine then error(ok, 0) end
  if not ok then return usage(subs[name] or parser, out, args) end
  local module = verb(args.verb)
  out.verb, out.schema_version, out.wants_json = args.verb, module.schema or 1, args.json == true
  return module.run(args, out)
end

-- What was raised: an interrupt of lua5.4's own, or a mistake of ours.
local function fault(out, what)
  if tostring(what):find "interrupted!" then return status.interrupted end
  out:note("bearssl: internal error: " .. tostring(what))
  return status.internal
end

--- Runs the command.
-- @function command.main
-- @tparam {string,...} argv the arguments, the verb first
-- @tparam[opt] bearssl.out out of `bearssl.command.output`
-- @treturn integer the exit status, of `bearssl.command.status`
function command.main(argv, out)
  out = out or output.new()
  local fine, code = xpcall(run, debug.traceback, argv, out)
  if not fine then code = fault(out, code) end
  local ok, err = out:finish()
  if ok then return code end
  if not err:find "Broken pipe" then out:note("bearssl: standard output: " .. err) end -- head and the like had enough
  return status.file
end

return command
