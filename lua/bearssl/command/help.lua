-- SPDX-License-Identifier: MIT
-- bearssl help [VERB]: what the verbs do, or what options one has.
local check = require "bearssl.check"
local output = require "bearssl.command.output"
local status = require "bearssl.command.status"

local help = { summary = "Show help for a verb." }

function help.setup(parser)
  parser:argument "VERB":target "about":args "?":description "The verb to show help for."
end

function help.run(args, out)
  local command = require "bearssl.command"
  if not args.about then
    out:print(command.parser():get_help())
    return status.ok
  end
  local names = {}
  for _, name in ipairs(command.verbs()) do names[name] = true end
  if not names[args.about] then
    out:note(("bearssl: unknown verb '%s'%s"):format(output.clean(args.about), check.hint(args.about, names)))
    return status.usage
  end
  local _, subs = command.parser(args.about)
  out:print(subs[args.about]:get_help())
  return status.ok
end

return help
