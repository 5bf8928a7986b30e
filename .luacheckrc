-- `make lint` and `make test` run luacheck with this.
std = "lua54"
max_line_length = 120
exclude_files = { "build", "docs/annotations", "docs/reference", "spec/vectors" }
files["spec/**/*.lua"].std = "+busted"
files["bearssl-*.rockspec"].std = "+rockspec"
files[".luacheckrc"].std = "+luacheckrc"
files["docs/config.ld"].std = "+ldoc"
files["spec/peers/resty/**/*.lua"] = { read_globals = { "ngx" } } -- they run under nginx, too
