-- A module for Prosody that fetches `test_fetch`, an https URL, by Prosody's own HTTP client, and logs what comes.
-- luacheck: globals module
module:set_global()

local url = module:get_option_string "test_fetch"

require "util.timer".add_task(0, function()
  require "net.http".request(url, {}, function(body, code) module:log("info", "fetched: %s %s", code, body) end)
end)
