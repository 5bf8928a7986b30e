-- SPDX-License-Identifier: MIT
-- specs.lua [busted's arguments] - busted under the interpreter that runs this file. (Debian's `busted`
-- script takes whatever `lua` is, which need not be 5.4.)
io.stdout:setvbuf "line" -- a leak found at the end must not swallow the summary
require "busted.runner" { standalone = false }
