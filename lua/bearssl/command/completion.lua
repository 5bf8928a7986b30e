-- SPDX-License-Identifier: MIT
-- bearssl completion SHELL: what a shell sources to complete verbs and options.
local status = require "bearssl.command.status"

local completion = {
  summary = "Print the completions for a shell.",
  description = "Prints a script that has a shell complete verbs and options, such as in\n"
    .. "source <(bearssl completion bash)",
}

local makers = { bash = "get_bash_complete", zsh = "get_zsh_complete", fish = "get_fish_complete" }

function completion.setup(parser)
  parser:argument "SHELL":target "shell":choices { "bash", "zsh", "fish" }:description "bash, zsh or fish."
end

function completion.run(args, out)
  local parser = require "bearssl.command".parser()
  out:write(parser[makers[args.shell]](parser))
  return status.ok
end

return completion
