# SPDX-License-Identifier: MIT
# bearssl for Lua 5.4: build, test, install. `make help` lists the targets; .ci/deps the packages.

LUA ?= lua5.4
LUA_VERSION ?= 5.4
ifeq ($(origin CC),default)
CC := gcc
endif
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
LUA_CDIR ?= $(PREFIX)/lib/lua/$(LUA_VERSION)
LUA_LMODDIR ?= $(PREFIX)/share/lua/$(LUA_VERSION)
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man

# What is compiled. A variant has a tree of its own under build/; what the flags were is kept there, so that
# other flags build anew instead of mixing.
#   (none)      the module               asan, fault   under sanitizers, with failing allocations
#   gcc, clang  warnings are errors; objects only
#   portable    without csrc/crypto/accel, as on a machine that has nothing for it; warnings are errors
#   fuzz        the programs of spec/fuzz, by clang
VARIANT ?=
BUILD := build$(if $(VARIANT),/$(VARIANT))
MODULE := $(BUILD)/bearssl/core.so
UNIT_SOURCES := $(sort $(wildcard spec/unit/*.c))
C_SOURCES := $(sort $(wildcard csrc/*/*.c csrc/*/*/*.c))
SOURCES := $(C_SOURCES) $(if $(filter fault gcc clang,$(VARIANT)),spec/fault/wrap.c) \
	$(if $(filter gcc clang,$(VARIANT)),$(UNIT_SOURCES))
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)
# What require finds in the module itself; bearssl.lua alone is looked for in package.path.
LUA_MODULES := $(sort $(shell find lua/bearssl -name '*.lua'))

UNIT_ROOMS := $(filter $(patsubst %,csrc/%/%,base wire crypto x509 tls),$(C_SOURCES))

# bearssl.unit: C's inside as functions, for specs alone; never installed.
UNIT := $(BUILD)/bearssl/unit.so
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$(BUILD)/obj/%.o) \
	$(patsubst %.c,$(BUILD)/obj/%.o,$(UNIT_ROOMS) $(if $(filter fault,$(VARIANT)),spec/fault/wrap.c))

# libFuzzer's programs: one for each spec/fuzz/fuzz_*.c, with all of C's inside but the binding.
FUZZ_SOURCES := $(sort $(wildcard spec/fuzz/fuzz_*.c))
FUZZERS := $(FUZZ_SOURCES:spec/fuzz/%.c=$(BUILD)/%)
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out csrc/lua/% $(FUZZ_SOURCES), \
	$(sort $(C_SOURCES) $(wildcard spec/fuzz/*.c))))
TIME ?= 60

# BearSSL: an upstream tree (inc/, build/libbearssl.a), else the system's, static where there is an archive.
ifdef BEARSSL_DIR
BEARSSL_CFLAGS ?= -isystem $(BEARSSL_DIR)/inc
BEARSSL_LIBS ?= $(BEARSSL_DIR)/build/libbearssl.a
else
BEARSSL_LIBS ?= $(if $(filter /%,$(shell $(CC) -print-file-name=libbearssl.a 2>&1)),-l:libbearssl.a,-lbearssl)
endif

pkg_config = $(shell pkg-config $(1) lua$(LUA_VERSION) 2>/dev/null)
ifdef LUA_INCDIR
LUA_CFLAGS ?= -I$(LUA_INCDIR)
else
LUA_CFLAGS ?= $(or $(call pkg_config,--cflags),-I/usr/include/lua$(LUA_VERSION))
endif
LUA_LIBS ?= $(or $(call pkg_config,--libs),-llua$(LUA_VERSION)) # only for the tests' interpreter

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
known = $(shell printf 'int x;' | $(CC) -Werror $(1) -x c -c -o /dev/null - 2>/dev/null && echo $(1))
HARDENING := $(foreach flag,-fstack-protector-strong -fstack-clash-protection -fcf-protection,$(call known,$(flag)))
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g
WRAPPED := malloc calloc realloc strdup strndup free

ifneq ($(filter asan fault fuzz,$(VARIANT)),)
EXTRA := $(SANITIZERS) $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer-no-link)
EXTRA_LINK := $(if $(filter fault,$(VARIANT)),$(WRAPPED:%=-Wl,--wrap=%))
else
EXTRA := $(HARDENING)
ifneq ($(filter -O%,$(filter-out -O0,$(CFLAGS))),)
ifeq ($(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)),)
EXTRA += -D_FORTIFY_SOURCE=2
endif
endif
EXTRA += $(if $(filter gcc clang portable,$(VARIANT)),-Werror) $(if $(filter portable,$(VARIANT)),-DLT_ACCEL=0)
endif

COMPILE := $(CC) $(CPPFLAGS) $(CFLAGS) -std=c11 $(WARNINGS) $(EXTRA) -fPIC -fvisibility=hidden -Icsrc \
	$(BEARSSL_CFLAGS) $(LUA_CFLAGS)
# nodelete: a thread may still wait for a resolver after lua_close, and a leak that is found then has names in its stack
LINK := $(CC) -shared -pthread $(CFLAGS) $(EXTRA) $(LDFLAGS) $(EXTRA_LINK) -Wl,--exclude-libs,ALL -Wl,--as-needed \
	-Wl,-z,relro,-z,now,-z,noexecstack,-z,nodelete

V ?= 0
say = $(if $(filter 0,$(V)),@printf '%-6s %s\n' $(1) $@;)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# our own make is as parallel as the machine, unless the caller has said how parallel it shall be
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))
TEST = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES LUA=$(LUA) JOBS=$(JOBS) bash .ci/test

.PHONY: all objects unit fuzzers interpreter deps demo test interop audit-agreement asan fault fuzz ct bench \
	bench-growth bench-instructions \
	bench-results lint rooms format docs annotations install clean help FORCE
.DELETE_ON_ERROR:

all: $(MODULE) ## build build/bearssl/core.so

objects: $(OBJECTS)

$(MODULE): $(OBJECTS) $(BUILD)/obj/modules.o
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -o $@ $^ $(BEARSSL_LIBS)

# The Lua files as bytecode, where there is an interpreter that makes some. (Folders: a file more or less.)
$(BUILD)/obj/modules.c: .ci/bundle.lua $(LUA_MODULES) $(sort $(dir $(LUA_MODULES)))
	@mkdir -p $(@D)
	$(call say,LUA)if command -v $(LUA) >/dev/null; then $(LUA) .ci/bundle.lua $(LUA_MODULES) >$@; else \
		printf '%s\n' '#include "lua/modules.h"' 'const lt_lua_bundle lt_lua_modules = { .count = 0 };' >$@; fi

$(BUILD)/obj/modules.o: $(BUILD)/obj/modules.c csrc/lua/modules.h $(BUILD)/flags
	$(call say,CC)$(COMPILE) -c -o $@ $<

unit: $(UNIT)

$(UNIT): $(UNIT_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -o $@ $(UNIT_OBJECTS) $(BEARSSL_LIBS)

fuzzers: $(FUZZERS)

$(FUZZERS): $(BUILD)/%: $(BUILD)/obj/spec/fuzz/%.o $(FUZZ_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFLAGS) $(EXTRA) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(BEARSSL_LIBS)

# bench/primitives: C's inside beside other libraries.
BENCH_OBJECTS := $(BUILD)/obj/bench/primitive/bearssl.o $(UNIT_ROOMS:%.c=$(BUILD)/obj/%.o)
$(BUILD)/bench/bearssl: $(BENCH_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFLAGS) $(EXTRA) $(LDFLAGS) -o $@ $^ $(BEARSSL_LIBS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/flags: FORCE
	$(shell mkdir -p $(@D))$(file >$@.new,$(COMPILE) / $(LINK) $(BEARSSL_LIBS) / $(SOURCES) $(UNIT_SOURCES) $(FUZZ_SOURCES))
	@if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi

-include $(sort $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(patsubst %.c,$(BUILD)/obj/%.d,$(wildcard spec/fuzz/*.c)) \
	$(BUILD)/obj/bench/primitive/bearssl.d)

# A sanitized module needs an interpreter with the sanitizer's runtime; preloading it would reach every
# process that a spec starts. Called lua5.4, it is found first by what a spec runs.
interpreter: $(BUILD)/bin/lua5.4
$(BUILD)/bin/lua5.4: .ci/lua.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) -o $@ $< $(LUA_LIBS)

deps: ## install through apt what is missing for build, demo and test
	@sh .ci/deps demo test

demo: ## a tour: HTTPS, certificates and mutual TLS against a local server
	@sh .ci/deps demo
	@$(SUBMAKE) all
	@LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;" LUA_CPATH="$(CURDIR)/build/?.so;;" \
		$(LUA) examples/demo.lua

test: ## everything: checks, warnings, specs, specs under sanitizers and with failing allocations
	@sh .ci/deps demo test
	@$(TEST)

interop: ## with Go, rustls, Java, Node, Python, NSS, Chromium, exim4, PostgreSQL, MariaDB: docs/interop.md (SEED=n HIERARCHIES=n for Go's paths)
	@$(SUBMAKE) all unit
	@SPECS="$(wildcard spec/interop/*_spec.lua)" $(TEST) specs
	@LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/?.lua;;" LUA_CPATH="$(CURDIR)/build/?.so;;" $(LUA) spec/interop/run.lua

# testssl.sh takes minutes for a server; what was asked is kept under build/audit-agreement.
audit-agreement: ## bearssl audit beside sslscan and testssl.sh on the same servers: docs/audit-agreement.md (an hour)
	@sh .ci/deps demo test agreement
	@$(SUBMAKE) all
	@mkdir -p build/audit-agreement
	@export PEER_LIFE=3600 LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/?.lua;;" LUA_CPATH="$(CURDIR)/build/?.so;;"; \
		$(LUA) spec/agreement/raw.lua --list | xargs -P 3 -n 1 $(LUA) spec/agreement/raw.lua build/audit-agreement && \
		$(LUA) spec/agreement/run.lua build/audit-agreement docs/audit-agreement.md

asan: ## the specs under ASan and UBSan (SPECS="spec/x_spec.lua" for some)
	@$(TEST) asan

fault: ## the specs of failing allocations
	@$(TEST) fault

# Valgrind's debug reader wants DWARF 4.
ct: ## branches, addresses and what is left on the stack that depend on secrets, by valgrind (CC=clang too)
	@sh .ci/deps demo ct
	@mkdir -p build
	$(CC) -O2 -gdwarf-4 -std=c11 -pthread $(WARNINGS) -Icsrc $(BEARSSL_CFLAGS) -o build/ct spec/ct/*.c \
		-Wl,--wrap=lt_ct_eq -Wl,--wrap=lt_ct_public -Wl,--wrap=lt_trimmed -Wl,--wrap=lt_aead_open \
		-Wl,--wrap=lt_accel -Wl,--wrap=lt_rsa_ifma_private -Wl,--wrap=lt_curve25519_ifma_here -DLT_IFMA_EMULATED \
		$(UNIT_ROOMS) $(BEARSSL_LIBS)
	valgrind -q --error-exitcode=1 --suppressions=spec/ct/bearssl.supp build/ct
	@echo "and what is left on the stack by what valgrind's processor lacks:"
	build/ct

# What is found is kept in build/fuzz/corpus; what crashes, as build/fuzz/NAME-crash-...
fuzz: ## libFuzzer on every parser, TIME=60 seconds each (FUZZ="fuzz_pem" for some)
	@$(SUBMAKE) VARIANT=fuzz CC=clang fuzzers
	@for name in $(or $(FUZZ),$(FUZZ_SOURCES:spec/fuzz/%.c=%)); do \
		mkdir -p build/fuzz/corpus/$$name; \
		echo "$$name: $(TIME) seconds"; \
		build/fuzz/$$name -max_total_time=$(TIME) -timeout=10 -print_final_stats=1 -artifact_prefix=build/fuzz/$$name- \
			build/fuzz/corpus/$$name $$(ls -d spec/fuzz/corpus/$$name 2>/dev/null) >build/fuzz/$$name.log 2>&1 \
			|| { tail -n 60 build/fuzz/$$name.log; exit 1; }; \
		sed -n 's/^stat::number_of_executed_units: */  inputs: /p' build/fuzz/$$name.log; \
	done

bench: all ## the benchmarks, side by side with LuaSec (SECTIONS="handshake bulk" for some)
	@bench/run $(SECTIONS)

# Kept in the tree, so that a diff shows what became cheaper or dearer.
bench-instructions: all ## bench/instructions.tsv: what fixed paths take, counted by valgrind
	@sh .ci/deps demo ct
	@bench/instructions

bench-growth: all unit ## bench/growth.tsv: what grows with what, its pictures and docs/growth.md's table (FIGURES="crl body")
	@bench/growth $(FIGURES)

bench-results: all ## bench/results.tsv by one run of all benchmarks, and docs/performance.md's tables of it
	@bench/run >bench/results.tsv.new
	@mv bench/results.tsv.new bench/results.tsv
	@bench/tables --into docs/performance.md bench/results.tsv

lint: ## luacheck, rooms, memcmp, format, clang-tidy
	@sh .ci/deps lint
	@$(TEST) luacheck rooms memcmp format tidy

rooms: ## who includes whom in csrc
	@$(LUA) .ci/rooms.lua

C_FILES = $(wildcard csrc/*/*.[ch] csrc/*/*/*.[ch] spec/fault/*.c spec/unit/*.[ch] spec/ct/*.[ch] spec/fuzz/*.[ch] .ci/*.c bench/*.c bench/*/*.[ch])
format: ## clang-format over the C sources
	@sh .ci/deps lint
	clang-format -i $(C_FILES)

# For editors with LuaLS, which is told of the folder; ANNOTATIONS=FOLDER writes them elsewhere.
ANNOTATIONS ?= docs/annotations
annotations: ## docs/annotations, from the documentation comments
	@sh .ci/deps docs
	@rm -rf '$(ANNOTATIONS)' && mkdir -p '$(ANNOTATIONS)'
	@cd docs && ANNOTATIONS='$(abspath $(ANNOTATIONS))' LUA_PATH='$(CURDIR)/.ci/?.lua;;' \
		$(LUA) $$(command -v ldoc) --filter annotations.filter . >/dev/null

man: all ## docs/bearssl.1, from the options of the command
	@LUA_PATH="$(CURDIR)/lua/?.lua;;" LUA_CPATH="$(CURDIR)/build/?.so;;" $(LUA) .ci/man.lua >docs/bearssl.1

docs: ## LDoc's reference into docs/reference
	@sh .ci/deps docs
	cd docs && $(LUA) $$(command -v ldoc) --fatalwarnings .

LUA_FILES = $(patsubst lua/%,%,$(sort $(shell find lua -name "*.lua")))
# The command says where its modules are; luarocks moves them, and says so itself (ROCK).
LAUNCHER = sed -e '1s|lua5\.4|$(notdir $(LUA))|' $(if $(ROCK),,\
	-e 's|^local installed_lua, installed_c$$|& = "$(LUA_LMODDIR)", "$(LUA_CDIR)"|') lua/bin/bearssl
install: all ## PREFIX, DESTDIR, BINDIR, MANDIR, LUA_CDIR, LUA_LMODDIR say where
	@[ -n '$(ROCK)' ] || install -D -m 644 docs/bearssl.1 $(DESTDIR)$(MANDIR)/man1/bearssl.1
	install -d $(DESTDIR)$(BINDIR)
	$(LAUNCHER) >$(DESTDIR)$(BINDIR)/bearssl
	chmod 755 $(DESTDIR)$(BINDIR)/bearssl
	@for file in $(LUA_FILES); do \
		echo "install $(DESTDIR)$(LUA_LMODDIR)/$$file"; \
		install -D -m 644 lua/$$file $(DESTDIR)$(LUA_LMODDIR)/$$file || exit 1; \
	done
	install -d $(DESTDIR)$(LUA_CDIR)/bearssl
	install -m 755 $(MODULE) $(DESTDIR)$(LUA_CDIR)/bearssl/core.so # last: what is newer than it was changed since

# LuaSec's names for our modules, in a folder of their own: nothing there, nothing shadowed. Whoever wants them puts the
# folder first in LUA_PATH.
LUASEC_DIR ?= $(PREFIX)/share/bearssl-luasec
LUASEC_MODULES := ssl ssl/https ssl/context ssl/core ssl/x509 ssl/config
install-luasec: ## thin ssl.lua, ssl/*.lua into LUASEC_DIR, a folder of its own: see docs/luasec.md
	@for name in $(LUASEC_MODULES); do \
		file=$(DESTDIR)$(LUASEC_DIR)/$$name.lua; \
		echo "install $$file"; \
		install -d $$(dirname $$file) || exit 1; \
		module=$$(echo $$name | tr / .); \
		printf '%s\n' "-- SPDX-License-Identifier: MIT" "-- LuaSec's $$module, answered by bearssl (docs/luasec.md)." \
			"return require \"bearssl.luasec\".module \"$$module\"" >$$file || exit 1; \
	done

clean: ## remove build/ and docs/reference/
	rm -rf build docs/reference

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 20
	@echo 'Variables: CC CFLAGS LDFLAGS LUA LUA_INCDIR BEARSSL_DIR PREFIX DESTDIR BINDIR MANDIR LUA_CDIR LUA_LMODDIR JOBS V=1'
