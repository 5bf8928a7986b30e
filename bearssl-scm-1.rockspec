rockspec_format = "3.0"
package = "bearssl"
version = "scm-1"
source = {
  url = "git+file://.", -- `luarocks make` builds the tree that it stands in and fetches nothing
}
description = {
  summary = "TLS and X.509 for Lua 5.4, on BearSSL",
  detailed = [[
HTTPS, mutual TLS and certificate inspection, verified by default. Errors say what failed, where, and
what cures it. Works over LuaSocket, or without any socket: bytes in, bytes out.]],
  license = "MIT",
  labels = { "tls", "ssl", "https", "x509", "network" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.4, < 5.5",
  "luasocket >= 3.0",
  "argparse >= 0.7", -- the command
  "dkjson >= 2.5", -- its --json
}
build = {
  type = "make",
  build_target = "all",
  variables = { -- the same for both targets, so that install finds everything built
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    LUA_CDIR = "$(LIBDIR)",
    LUA_LMODDIR = "$(LUADIR)",
    BINDIR = "$(BINDIR)",
    ROCK = "1",
  },
}
