-- docs/tls13.md has the tables of csrc: states and extensions.
local function read(path)
  local file <close> = assert(io.open(path))
  return (file:read "a")
end

local page = read "docs/tls13.md"

describe("docs/tls13.md", function()
  for _, name in ipairs { "client", "server", "client_12", "server_12" } do
    it("has the rows of " .. name .. ".c", function()
      local count = 0
      for from, message, last, when, to in read("csrc/tls/" .. name .. ".c"):gmatch
        "{ LT_TLS_([%l%d_]+), +LT_%u+_([%l%d_]+), +(%u+), +([%w_]+), +[%l%d_]+, +LT_TLS_([%l%d_]+) }" do
        local row = ("| `%s` | `%s`%s | %s | %s |\n"):format(from, message,
          last == "LAST" and ", the last of its record" or "",
          when == "NULL" and "" or "`" .. when:gsub("^lt_tls_", "") .. "`",
          to == "as_decided" and "as its handler decides" or "`" .. to .. "`")
        assert.is_truthy(page:find(row, 1, true), row)
        count = count + 1
      end
      assert.is_true(count >= 6)
    end)
  end

  it("has the table of extensions", function()
    local list = read("csrc/wire/extensions.h"):match "#define LT_EXTENSIONS%(X%)(.-)\n\n":gsub("[\\\n]", "")
    local count = 0
    for name, number, messages in list:gmatch "X%(([%l_]+), (%d+),([^)]*)%)" do
      local row = ("| `%s` (%s) |"):format(name, number)
      for _, message in ipairs {
        "client_hello", "server_hello_12", "server_hello", "hello_retry_request", "encrypted_extensions",
        "certificate", "certificate_request", "new_session_ticket",
      } do
        row = row .. ((messages .. " "):find("LT_IN_" .. message .. "[ |]") and " × |" or "  |")
      end
      assert.is_truthy(page:find(row .. "\n", 1, true), row)
      count = count + 1
    end
    assert.is_true(count >= 20)
  end)
end)
