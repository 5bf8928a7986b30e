/* fork.c - fork(2), which Lua 5.4 on Debian has no module for: fork(function), whose result is the child's status, gives
 * that status. See fork.lua. */
#include <lauxlib.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int in_child(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    pid_t pid = fork();
    if (pid == 0) {
        int ok = lua_pcall(L, 0, 1, 0) == LUA_OK;
        if (!ok)
            fprintf(stderr, "%s\n", lua_tostring(L, -1));
        _exit(ok ? (int)lua_tointeger(L, -1) : 99);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return luaL_error(L, "fork");
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return 1;
}

int luaopen_fork(lua_State *L)
{
    lua_pushcfunction(L, in_child);
    return 1;
}
