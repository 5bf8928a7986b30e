-- The page and the drawing of a handshake, looked at in headless Chromium: what stands there, that nothing is refused
-- or loaded, that nothing runs over its edge, in the light and in the dark; and that what is hostile stays text.
local browser = require "spec.support.browser"
local der = require "spec.support.der"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local trace = require "bearssl.trace"

local function connect(server, more)
  local options = { trust = pki.root.p256, name = "localhost", timeout = 60 }
  for name, value in pairs(more or {}) do options[name] = value end
  return options, "127.0.0.1", server.port
end

local function one(server, more)
  local options, host, port = connect(server, more)
  return assert(trace.connect(host, port, options))
end

-- Elements that are wider than what they stand in, and the page itself; what has a scrollbar of its own may be, and an
-- arrow's head touches the line that it points to.
local overflow = [[
  const wide = [...document.querySelectorAll("body, body *")].filter(e => e.clientWidth > 0
    && getComputedStyle(e).overflowX == "visible" && !e.closest("svg")
    && e.scrollWidth > e.clientWidth + (e.matches(".arrow") || e.querySelector(":scope .arrow") ? 12 : 1));
  const root = document.documentElement;
  const ground = getComputedStyle(document.body).backgroundColor;
  result = [innerWidth, root.scrollWidth <= innerWidth, wide.map(e => e.tagName + "." + e.className).join(),
    ground].join(" ");
]]

-- The contrast of each element's own text with the ground that it stands on (WCAG 2.1, 1.4.3): those below 4.5 to 1.
local contrast = [[
  const rgb = c => (c.match(/[\d.]+/g) || []).map(Number);
  const linear = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = rgb(c).map(linear); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if ((rgb(c)[3] ?? 1) > 0) return c; } return "rgb(255, 255, 255)"; };
  const faint = new Set();
  for (const e of document.querySelectorAll("body *:not(script)")) {
    if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) || e.closest("svg")) continue;
    const a = light(getComputedStyle(e).color), b = light(ground(e));
    if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5) faint.add(e.className || e.tagName);
  }
  result = "faint: " + [...faint].join();
]]

local function text_of(dom)
  return (dom:gsub("<style>.-</style>", ""):gsub("<[^>]*>", ""):gsub("%s+", " "))
end

describe("the page of a handshake", function()
  local page, early
  setup(function()
    local server <close> = peer.openssl_server(pki.server.p256, "-early_data -no_anti_replay")
    local options, host, port = connect(server, { early_data = "GET / HTTP/1.0\r\n\r\n" })
    page = trace.html(one(server, { alpn = { "h2" } }))
    early = trace.html(trace.resume(host, port, options))
  end)

  it("has each message with its fields and bytes, and says nothing to the console", function()
    local dom, console = browser.dom(page)
    assert.equal("", console)
    local text = text_of(dom)
    for _, expected in ipairs { "TLS handshake with 127.0.0.1 port", "Connected with TLS 1.3: 1 round trip",
      "Round trip 1", "ClientHello", "supported_versions", "server_application_traffic_secret_0",
      "keys are agreed on in x25519", "CN=localhost,O=Test PKI", "With the first application data",
      "alert close_notify", "0000 01 00 " } do
      assert.truthy(text:find(expected, 1, true), expected)
    end
    assert.equal(select(2, page:gsub("<details>", "")), select(2, page:gsub("<summary><span", "")))
  end)

  it("has no script, loads nothing, and its policy forbids both", function()
    assert.is_nil(page:find("<script", 1, true))
    for _, attribute in ipairs { "src=", "url(", "@import", "<link", "<iframe", "<object", " style=", " on%a+=" } do
      assert.is_nil(page:find(attribute, 1, attribute ~= " on%a+="), attribute)
    end
    assert.matches("default%-src 'none'; style%-src 'sha256%-[%w+/]+=*'; base%-uri 'none'; form%-action 'none'", page)
    local _, console = browser.dom((page:gsub("</body>", "<script>document.title = 1</script></body>")))
    assert.matches("Content Security Policy", console) -- it would say so
    local _, styled = browser.dom((page:gsub("</style>", " </style>", 1)))
    assert.matches("Content Security Policy", styled)
  end)

  it("keeps within its edges and is legible: wide and narrow, light and dark", function()
    for _, width in ipairs { 360, 1500 } do
      for _, which in ipairs { page, early } do
        local shown, fits, wide, ground = browser.measure(which, overflow, { width = width })
          :match "^(%d+) (%a+) (.-) (rgb.*)$"
        assert.equal("true", fits, width)
        assert.equal("", wide, width)
        assert.truthy(tonumber(shown) <= math.max(width, 520))
        assert.equal("rgb(255, 255, 255)", ground)
      end
    end
    assert.matches("rgb%(20, 23, 28%)$", browser.measure(page, overflow, { dark = true }))
    assert.equal("faint: ", browser.measure(early, contrast))
    assert.equal("faint: ", browser.measure(early, contrast, { dark = true }))
  end)

  it("can be photographed", function()
    for _, options in ipairs { { width = 1300 }, { width = 600, dark = true } } do
      local png = browser.shoot(early, options)
      assert.equal("\x89PNG\r\n\x1a\n", png:sub(1, 8))
      assert.equal(options.width, (">I4"):unpack(png, 17))
      assert.is_true(#png > 20000)
    end
  end)

  it("shows early data beside the full handshake", function()
    local text = text_of((browser.dom(early)))
    for _, expected in ipairs { "full handshake", "resumed, with early data", "client_early_traffic_secret",
      "EndOfEarlyData", "early data was accepted" } do
      assert.truthy(text:find(expected, 1, true), expected)
    end
  end)

  it("tells a failure, with cause and remedy", function()
    local server <close> = peer.openssl_server(pki.bad.expired, "-rev")
    local dom, console = browser.dom(trace.html(one(server)))
    assert.equal("", console)
    local text = text_of(dom)
    for _, expected in ipairs { "Failed: expired", "alert certificate_expired", "Remedy:", "CN=localhost" } do
      assert.truthy(text:find(expected, 1, true), expected)
    end
  end)
end)

describe("the drawing of a handshake", function()
  it("is well-formed, and has its messages", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev")
    local options, host, port = connect(server)
    local svg = trace.svg(trace.compare(host, port, options))
    local dom, console = browser.dom(svg)
    assert.equal("", console)
    assert.is_nil(dom:find("parsererror", 1, true))
    local text = text_of(dom)
    for _, expected in ipairs { "ClientHello, ", "ServerKeyExchange", "client_write_key", "Round trip 2",
      "Connected with TLS 1.2: 2 round trips" } do
      assert.truthy(text:find(expected, 1, true), expected)
    end
    assert.is_true(#browser.shoot(svg, { dark = true }) > 10000)
    assert.matches("parsererror", (browser.dom((svg:gsub("</svg>", ""))))) -- it would say so
  end)
end)

-- What an enemy puts wherever something can be put.
local markup = [["><script>alert(1)</script><img src=x>&lt;u&gt;<u>]]
local controls = "\27[31m\7\u{202E}gpj.exe\u{2066}\0\r\n\u{9B}"

-- A certificate with that in its subject and in its names.
local function hostile_pair()
  local names = der.sequence(der.implicit(2, "localhost"), der.implicit(2, "<img src=x onerror=alert(2)>"),
    der.implicit(6, "javascript:alert(3)"))
  local own = revoke.issue("hostile", {
    subject = ("CN=x %s y,O=%s"):format("\27[31m\7\u{202E}gpj.exe\u{2066}\u{9B}", (markup:gsub("[\\,+]", "\\%0"))),
    extensions = { { oid = "2.5.29.17", value = names } }, -- they are no names: the builder makes none of them
  })
  return { leaf = own.certificate, certificate = own.certificate, key = own.key, issuers = pki.server.p256.issuers }
end

-- Nothing of it acts: not on a terminal, not in a page, not in a drawing.
local function harmless(report, seen)
  local texts = { trace.text(report, { all = true, width = 110 }), trace.html(report), trace.svg(report) }
  for _, text in ipairs(texts) do
    for _, bad in ipairs { "\27", "\7", "\0", "\r", "\u{202E}", "\u{2066}", "\u{9B}" } do
      assert.is_nil(text:find(bad, 1, true), ("%q"):format(bad))
    end
  end
  for i = 2, 3 do
    for _, bad in ipairs { "<script", "<img", "<u>" } do assert.is_nil(texts[i]:find(bad, 1, true), bad) end
  end
  assert.truthy(texts[1]:gsub("%s+", ""):find(seen, 1, true), texts[1])
  local dom, console = browser.dom(texts[2])
  assert.equal("", console)
  assert.is_nil(dom:find("<script", 1, true))
  assert.equal("0", browser.measure(texts[2],
    [[result = document.querySelectorAll("img, u, a[href^=javascript]").length;]]))
  local drawn = browser.dom(texts[3])
  assert.is_nil(drawn:find("parsererror", 1, true))
  require "dkjson".encode(trace.value(report))
end

describe("what is hostile", function()
  it("in a server's certificate stays text", function()
    local pair = hostile_pair()
    local server <close> = peer.openssl_server(pair, "-rev")
    harmless(one(server), "<imgsrc=xonerror=alert(2)>,javascript:alert(3)")
  end)

  it("in a client's server name and application protocols stays text", function()
    local listener <close> = peer.listen()
    local client <close> = peer.openssl_client(listener.port,
      [[-ign_eof -servername '"><img/src=x>' -alpn '"><script>alert(1)</script>,<u>x']], "")
    local report = assert(trace.accept(listener:accept(), {
      certificate = pki.server.p256.certificate, key = pki.server.p256.key, timeout = 60, linger = 0.1,
    }))
    harmless(report, '"><script>alert(1)</script>')
    client:finish()
  end)

  it("in what the caller gives stays text", function()
    local report = require "bearssl.trace.report".make({}, "client", nil, {
      code = "refused", message = markup .. controls, cause = markup .. controls, hint = markup .. controls,
    }, { host = markup, port = 443, name = controls, address = markup, started = 0, label = markup, alpn = markup })
    report.host = markup
    harmless(report, "<script>alert(1)</script>")
  end)
end)
