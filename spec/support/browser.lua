-- Headless Chromium, as what looks at a page (HTML or SVG, as text). Options of all: `width`, `height`, `dark`.
--
--   browser.dom(page, options)            the document as it became; and what the console says about it, "" if nothing
--   browser.measure(page, script, options)  what the script leaves in `result`, in a copy of the page that has all of
--                                         its details open, and not its policy, which lets no script run
--   browser.shoot(page, options)          a screenshot, PNG
local peer = require "spec.support.peer"

local browser = {}

local SECONDS = 60 -- that one look may take

local launch = [[
mkdir -p @/home @/tmp
HOME=@/home TMPDIR=@/tmp exec timeout -k 2 %d chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
  --no-first-run --disable-background-networking --hide-scrollbars --enable-logging=stderr --user-data-dir=@/profile \
  %s --window-size=%d,%d %s file://@/%s
]]

local function start(page, options, what)
  local name = page:find "^<svg" and "page.svg" or "page.html"
  local dark = options.dark and "--blink-settings=preferredColorScheme=0" or ""
  return peer.start("sh -c '. @/launch'", "", { [name] = page,
    launch = launch:format(SECONDS, dark, options.width or 900, options.height or 1200, what, name) })
end

function browser.dom(page, options)
  local process <close> = start(page, options or {}, "--dump-dom")
  local _, out = process:finish()
  local console = {}
  for line in out:gmatch "[^\n]*:CONSOLE[^\n]*" do console[#console + 1] = line end
  return ("\n" .. out):match "\n(<[!hs].*)$" or error(out), table.concat(console, "\n")
end

function browser.measure(page, script, options)
  local open = page:gsub("<details", "<details open"):gsub('<meta http%-equiv="Content%-Security%-Policy"[^>]*>', "")
  local dom, console = browser.dom(open:gsub("</body>", function()
    return ("<script>let result; %s\ndocument.title = 'measured:' + result;</script></body>"):format(script)
  end), options)
  return dom:match "<title>measured:([^<]*)</title>" or error(console)
end

function browser.shoot(page, options)
  local process <close> = start(page, options or {}, "--screenshot=@/shot.png")
  process:wait_for "bytes written to file"
  return process:output "shot.png"
end

return browser
