/* SPDX-License-Identifier: MIT
 * system.c - what Lua files want from the operating system: what a file looks like, random bytes, a terminal, signals. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#ifdef __linux__
#include <sys/signalfd.h>
#endif
#include <sys/stat.h>
#include <unistd.h>

#include "base/entropy.h"
#include "base/file.h"
#include "crypto/accel/accel.h"
#include "lua/support.h"
#include "x509/store.h"

enum { RANDOM_MAX = 256, PATH_ROOM = 4096, FOLDER_MAX = 8192 };

/* Adds the files of a folder to its stamp, whatever their order. What cannot be looked at counts as not there. */
static void add_files(const char *path, lt_file_state *all)
{
    char name[PATH_ROOM];
    DIR *folder = opendir(path);
    if (!folder)
        return;
    const struct dirent *entry;
    for (int i = 0; i < FOLDER_MAX && (entry = readdir(folder)); i++) {
        lt_file_state one;
        int n = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof name || !lt_file_look(name, &one) || !one.regular)
            continue;
        all->stamp[0] += one.stamp[1] * 0x9E3779B97F4A7C15U;
        all->stamp[1] += one.stamp[2] ^ one.stamp[3] * 0x9E3779B97F4A7C15U;
    }
    closedir(folder);
}

/* file_stamp(path) -> string that is the same as long as the file is, or the files of the folder | nil, message */
static int file_stamp(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    lt_file_state state;
    if (!lt_file_look(path, &state)) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path, strerror(errno));
        return 2;
    }
    if (state.folder)
        add_files(path, &state);
    lua_pushlstring(L, (const char *)state.stamp, sizeof state.stamp);
    return 1;
}

/* file_time(path) -> seconds since the epoch of its last change, "folder" or "file" | nil, message */
static int file_time(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct stat found;
    if (stat(path, &found) != 0) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path, strerror(errno));
        return 2;
    }
    lua_pushinteger(L, (lua_Integer)found.st_mtime);
    lua_pushstring(L, S_ISDIR(found.st_mode) ? "folder" : "file");
    return 2;
}

/* read_link(path) -> what the symbolic link says | nil: it is none */
static int read_link(lua_State *L)
{
    char target[PATH_ROOM];
    ssize_t n = readlink(luaL_checkstring(L, 1), target, sizeof target);
    if (n < 0 || (size_t)n == sizeof target)
        return 0;
    lua_pushlstring(L, target, (size_t)n);
    return 1;
}

static const char *kind_of(mode_t mode)
{
    return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : S_ISLNK(mode) ? "link" : "other";
}

/* file_kind(path, follow) -> "file", "folder", "link" (unless it is to be followed) or "other": a device, a FIFO, a
 * socket; permissions | nil, message */
static int file_kind(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct stat found;
    if ((lua_toboolean(L, 2) ? stat : lstat)(path, &found) != 0) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path, strerror(errno));
        return 2;
    }
    lua_pushstring(L, kind_of(found.st_mode));
    lua_pushinteger(L, (lua_Integer)(found.st_mode & 07777));
    return 2;
}

/* accelerations() -> { name = true: in use, false: not there, or not allowed } */
static int accelerations(lua_State *L)
{
    const char *name;
    uint32_t bit;
    lua_newtable(L);
    for (size_t i = 0; (name = lt_accel_name(i, &bit)) != NULL; i++) {
        lua_pushboolean(L, lt_accel_has(bit));
        lua_setfield(L, -2, name);
    }
    return 1;
}

/* trust_places() -> list of paths, where the system's trust anchors are looked for */
static int trust_places(lua_State *L)
{
    const char *path;
    lua_newtable(L);
    for (size_t i = 0; (path = lt_store_system_place(i)) != NULL; i++) {
        lua_pushstring(L, path);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* random(n) -> n bytes of the system's entropy | nil, err */
static int random_bytes(lua_State *L)
{
    uint8_t bytes[RANDOM_MAX];
    lua_Integer n = luaL_checkinteger(L, 1);
    lt_error e = { 0 };
    luaL_argcheck(L, n >= 1 && n <= RANDOM_MAX, 1, "1 to 256 bytes");
    if (lt_entropy(bytes, (size_t)n, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushlstring(L, (const char *)bytes, (size_t)n);
    lt_wipe(bytes, sizeof bytes);
    return 1;
}

/* terminal(descriptor) -> columns, 0 where it does not say | nil: it is none */
static int terminal(lua_State *L)
{
    int fd = (int)luaL_checkinteger(L, 1);
    struct winsize size = { 0 };
    if (!isatty(fd))
        return 0;
    lua_pushinteger(L, ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0);
    return 1;
}

/* plain_interrupt(): SIGINT ends the process at once, also while it waits: lua5.4's own handler only raises an error
 * when Lua goes on */
static int plain_interrupt(lua_State *L)
{
    (void)L;
    (void)signal(SIGINT, SIG_DFL);
    return 0;
}

#ifdef __linux__
/* signals() -> a descriptor to wait for: SIGINT, SIGTERM and SIGHUP come there, and act no more by themselves | nil */
static int signals(lua_State *L)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd >= 0 && sigprocmask(SIG_BLOCK, &set, NULL) == 0) {
        lua_pushinteger(L, fd);
        return 1;
    }
    if (fd >= 0)
        close(fd);
    return 0;
}

/* signal(descriptor) -> "INT", "TERM" or "HUP" | nil: none has come */
static int next_signal(lua_State *L)
{
    struct signalfd_siginfo info;
    ssize_t n = read((int)luaL_checkinteger(L, 1), &info, sizeof info);
    if (n != (ssize_t)sizeof info)
        return 0;
    lua_pushstring(L, info.ssi_signo == SIGINT   ? "INT"
                      : info.ssi_signo == SIGHUP ? "HUP"
                                                 : "TERM");
    return 1;
}
#else
static int signals(lua_State *L) /* they end the program, as they do by themselves */
{
    (void)L;
    return 0;
}

static int next_signal(lua_State *L)
{
    (void)L;
    return 0;
}
#endif

void lt_lua_open_system(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "file_stamp", file_stamp },
        { "file_time", file_time },
        { "read_link", read_link },
        { "file_kind", file_kind },
        { "accelerations", accelerations },
        { "trust_places", trust_places },
        { "random", random_bytes },
        { "terminal", terminal },
        { "plain_interrupt", plain_interrupt },
        { "signals", signals },
        { "signal", next_signal },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
