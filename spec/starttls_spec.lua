-- bearssl.starttls: `openssl s_client -starttls` against the server's halves, both halves against each other in a loop
-- of coroutines, and peers that refuse, lie, go on in clear and vanish.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local starttls = require "bearssl.starttls"

local protocols = { "smtp", "imap", "pop3", "ftp", "xmpp", "ldap", "postgres", "mysql" }
local identity = pki.server.p256
local server = assert(bearssl.server { certificate = identity.certificate, key = identity.key })
local client = assert(bearssl.client { trust = pki.root.p256 })

for _, protocol in ipairs(protocols) do
  describe("starttls." .. protocol, function()
    it("is the server's half for openssl s_client", function()
      local listener <close> = peer.listen()
      local openssl <close> = peer.openssl_client(listener.port,
        ("-starttls %s -CAfile %s -verify_return_error -verify_hostname localhost -name localhost"):format(protocol,
          pki.root.p256), "hello\n")
      local sock <close> = assert(starttls[protocol](listener:accept(), server, { timeout = 60 }))
      assert.equal("hello", sock:receive())
      sock:send "welcome\n"
      sock:close()
      openssl:finish()
    end)

    it("has halves that understand each other, in coroutines", function()
      local near, far = ends.tcp()
      local loop, heard = scheduler.loop(), {}
      loop:spawn(function()
        local sock = assert(starttls[protocol](near, client, { name = "localhost" }))
        assert(sock:send "from the client\n")
        heard.client = sock:receive()
        sock:close()
      end)
      loop:spawn(function()
        local sock = assert(starttls[protocol](far, server, { timeout = 60 }))
        heard.server = sock:receive()
        assert(sock:send "from the server\n")
        sock:close()
      end)
      loop:run()
      assert.same({ client = "from the server", server = "from the client" }, heard)
    end)
  end)
end

-- What a server says in clear up to its go-ahead, all at once; `refusals`: what it may say instead, from where on.
local function packet(sequence, payload) return ("<I3B"):pack(#payload, sequence) .. payload end

local mysql_greeting = "\x0a8.0\0" .. ("<I4"):pack(7) .. "saltsalt\0" .. ("<I2BI2I2"):pack(0xffff, 45, 2, 0x08)
  .. "\21" .. ("\0"):rep(10) .. "saltsaltsalt\0"
local tls_ns = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
local stream = "<?xml version='1.0'?><stream:stream id='>' xmlns:stream='x' version=\"1.0\">"
local features = ("<stream:features><starttls %s><required/></starttls><x/></stream:features>"):format(tls_ns)

local ldap_ok = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"

local scripts = {
  smtp = {
    "220-one\r\n220 two\r\n", "250-mail.example\r\n250-SIZE 9\r\n250-starttls\r\n250 HELP\r\n", "220 go\r\n",
    refusals = {
      { 1, "554 no SMTP service here\r\n" }, { 2, "502 what\r\n" }, { 2, "250-mail.example\r\n250 STARTTLSX\r\n" },
      { 2, "250 STARTTLS\r\n" }, { 3, "454 4.7.0 TLS not available\r\n" }, { 3, "501 no\r\n" },
    },
    garbage = { { 1, "hello\r\n" }, { 1, "\r\n" }, { 3, "2\r\n" } },
  },
  imap = {
    "* OK hi\r\n", "* CAPABILITY IMAP4rev1\r\n", "tls1 OK go\r\n",
    refusals = {
      { 1, "* PREAUTH welcome home\r\n" }, { 1, "* BYE busy\r\n" }, { 3, "tls1 BAD what\r\n" },
      { 3, "tls1 NO never\r\n" }, { 2, "* BYE now\r\n" },
    },
    garbage = { { 1, "220 smtp\r\n" }, { 3, "+ go on\r\n" } },
  },
  pop3 = {
    "+OK hi\r\n", "+OK go\r\n",
    refusals = { { 1, "-ERR busy\r\n" }, { 2, "-ERR no\r\n" } }, garbage = { { 2, "OK\r\n" } },
  },
  ftp = {
    "120 soon\r\n", "220-hi\r\n there\r\n 220 not yet\r\n220 now\r\n", "234 go\r\n",
    refusals = { { 1, "421 busy\r\n" }, { 3, "504 no\r\n" }, { 3, "530 no\r\n" } }, garbage = { { 1, "x\r\n" } },
  },
  xmpp = {
    stream, features, ("<proceed %s/>"):format(tls_ns),
    refusals = {
      { 2, "<stream:error><host-unknown xmlns='x'/></stream:error>" }, { 2, "</stream:stream>" },
      { 2, "<stream:features><mechanisms></mechanisms></stream:features>" }, { 2, "<stream:features/>" },
      { 3, ("<failure %s/>"):format(tls_ns) },
    },
    endless = {
      (" "):rep(1 << 17), "<" .. ("a"):rep(1 << 17), stream .. "<stream:features>" .. ("<a>"):rep(1000),
      "<a '" .. (">"):rep(1 << 17),
    },
    garbage = { { 1, "<html>" }, { 1, "<!DOCTYPE x>" }, { 1, "<<" }, { 3, "<proceed xmlns='other'/>" } },
  },
  ldap = {
    ldap_ok,
    refusals = {
      { 1, "\x30\x0e\x02\x01\x01\x78\x09\x0a\x01\x34\x04\x00\x04\x02no" },
      { 1, "\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00" },
    },
    garbage = {
      { 1, "\x31\x00" }, { 1, "\x30\x80" }, { 1, "\x30\x00" }, { 1, "\x30\x05\x02\x01\x01\x78\x00" },
      { 1, "\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00" },
      { 1, "\x30\x0c\x02\x01\x01\x77\x07\x0a\x01\x00\x04\x00\x04\x00" },
    },
    endless = { "\x30\x84\x7f\xff\xff\xff" },
  },
  postgres = {
    "S", refusals = { { 1, "N" }, { 1, "ESFATAL" } }, garbage = { { 1, "H" } },
  },
  mysql = {
    packet(0, mysql_greeting),
    refusals = {
      { 1, packet(0, "\xff\x10\x04Too many connections") },
      { 1, packet(0, (mysql_greeting:gsub("\xff\xff", "\xff\xf7"))) },
    },
    garbage = {
      { 1, packet(1, mysql_greeting) }, { 1, packet(0, "") }, { 1, packet(0, "\x0a8\0") }, { 1, packet(0, "\x0a8") },
    },
    endless = { "\xff\xff\xff\0" },
  },
}

-- The client's half, where all that the server will say is there already, and then its end unless `open`.
local function play(protocol, text, open)
  local near, far = peer.tcp_pair()
  far:send(text)
  if not open then far:shutdown "send" end
  local sock, err = starttls[protocol](near, client, { name = "localhost", timeout = 60 })
  near:close()
  far:close()
  return sock, err
end

local function before(script, i) return table.concat(script, "", 1, i - 1) end

for _, protocol in ipairs(protocols) do
  local script = scripts[protocol]
  describe("the client's half of " .. protocol, function()
    it("refuses what comes in clear after the go-ahead", function()
      for _, extra in ipairs { "\0", "250 AUTH PLAIN\r\n", "\x16\x03\x01" } do
        local sock, err = play(protocol, table.concat(script) .. extra, true)
        assert.is_nil(sock)
        assert.equal("injection", err.code)
      end
    end)

    it("names what a server answers that refuses", function()
      for _, refusal in ipairs(script.refusals) do
        local sock, err = play(protocol, before(script, refusal[1]) .. refusal[2], true)
        assert.is_nil(sock)
        assert.equal("no_starttls", err.code)
        assert.equal(protocol, err.where)
        assert.is_nil(err.message:find "%c")
      end
    end)

    it("refuses what is no answer at all", function()
      for _, wrong in ipairs(script.garbage) do
        local sock, err = play(protocol, before(script, wrong[1]) .. wrong[2], true)
        assert.is_nil(sock)
        assert.equal("decode", err.code, tostring(err))
      end
    end)

    it("takes so many bytes and no more", function()
      for _, endless in ipairs(script.endless or { ("1"):rep(1 << 17), ("220-x\r\n"):rep(200) }) do
        local sock, err = play(protocol, endless, true)
        assert.is_nil(sock)
        assert.truthy(err.code == "limit" or err.code == "decode" or err.code == "no_starttls", tostring(err))
      end
    end)

    it("hears a server that closes at any byte", function()
      local text = table.concat(script)
      for n = 0, #text do
        local sock, err = play(protocol, text:sub(1, n))
        assert.is_nil(sock)
        assert.truthy(err == "closed" or n == #text, n .. ": " .. tostring(err))
      end
    end)
  end)
end

-- What a client says in clear up to its command.
local commands = {
  smtp = "HELO x\r\nEHLO x\r\nNOOP\r\nMAIL FROM:<x>\r\nSTARTTLS now\r\nSTARTTLS\r\n",
  imap = "a CAPABILITY\r\nb NOOP\r\nc LOGIN x y\r\nd SELECT x\r\ne STARTTLS\r\n",
  pop3 = "CAPA\r\nUSER x\r\nSTLS\r\n",
  ftp = "FEAT\r\nUSER x\r\nAUTH GSSAPI\r\nAUTH TLS\r\n",
  xmpp = "<?xml version='1.0'?><stream:stream to='a.example' xmlns='jabber:server'><starttls "
    .. tls_ns .. "></starttls>",
  ldap = "\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
  postgres = "\0\0\0\8\x04\xd2\x16\x30\0\0\0\8\x04\xd2\x16\x2f", -- GSSENCRequest, then SSLRequest
}

local leaving = {
  smtp = "QUIT\r\n", imap = "a LOGOUT\r\n", pop3 = "QUIT\r\n", ftp = "QUIT\r\n", xmpp = "</stream:stream>",
  ldap = "\x30\x0c\x02\x01\x02\x60\x07\x02\x01\x03\x04\x00\x80\x00", postgres = "\0\0\0\x20\0\3\0\0",
  mysql = "\2\0\0\1xx",
}

local endless = {
  xmpp = "<" .. ("a"):rep(1 << 17), ldap = "\x30\x84\x7f\xff\xff\xff", mysql = "\xff\xff\xff\1",
  postgres = ("\0\0\0\8\x04\xd2\x16\x30"):rep(10),
}

local function serve(protocol, text, open)
  local near, far = peer.tcp_pair()
  far:send(text)
  if not open then far:shutdown "send" end
  local sock, err = starttls[protocol](near, server, { timeout = 60 })
  near:close()
  far:close()
  return sock, err
end

for _, protocol in ipairs(protocols) do
  describe("the server's half of " .. protocol, function()
    it("refuses what comes in clear after the command", function()
      if not commands[protocol] then return end -- MySQL's client goes on with its ClientHello
      for _, extra in ipairs { "x", "RCPT TO:<y>\r\n", "\x16\x03\x01" } do
        local sock, err = serve(protocol, commands[protocol] .. extra, true)
        assert.is_nil(sock)
        assert.equal("injection", err.code, tostring(err))
      end
    end)

    it("hears a client that leaves", function()
      local sock, err = serve(protocol, leaving[protocol], true)
      assert.is_nil(sock)
      assert.equal("no_starttls", err.code, tostring(err))
    end)

    it("hears a client that closes at any byte", function()
      local text = commands[protocol] or ""
      for n = 0, #text - 1 do
        local sock, err = serve(protocol, text:sub(1, n))
        assert.is_nil(sock)
        assert.equal("closed", err, n .. ": " .. tostring(err))
      end
    end)

    it("takes so many bytes and no more", function()
      local sock, err = serve(protocol, endless[protocol] or ("1"):rep(1 << 17), true)
      assert.is_nil(sock)
      assert.truthy(err.code == "limit" or err.code == "decode", tostring(err))
    end)
  end)
end

-- Both calls in coroutines; what they gave.
local function both(f, g)
  local loop, results = scheduler.loop(), {}
  for i, call in ipairs { f, g } do
    loop:spawn(function() results[i] = table.pack(call()) end)
  end
  loop:run()
  return results[1], results[2]
end

describe("starttls", function()
  it("begins with the command where the rest was said", function()
    local near, far = ends.tcp()
    near:send "STARTTLS\r\n"
    assert.equal("STARTTLS", far:receive())
    local there, back = both(function()
      assert(scheduler.socket(near):receive(29)) -- "220 2.0.0 ready to start TLS\r\n", but for its LF
      local sock, err = starttls.upgrade(near, client, { name = "localhost" })
      near:close()
      return sock, err
    end, function() return starttls.smtp(far, server, { greeted = true }) end)
    assert.is_nil(there[1]) -- the LF
    assert.equal("injection", there[2].code)
    assert.is_nil(back[1])
  end)

  it("goes on from what was read too far", function()
    local near, far = ends.tcp()
    local there, back = both(function()
      return starttls.pop3(near, client, { name = "localhost", received = "+OK hi" })
    end, function()
      far:send "\r\n"
      assert.equal("STLS", scheduler.socket(far):receive())
      return starttls.pop3(far, server, { greeted = true })
    end)
    assert.truthy(there[1], tostring(there[2]))
    assert.truthy(back[1], tostring(back[2]))
    there[1]:close()
    back[1]:close()
  end)

  for _, version in ipairs { "1.2", "1.3" } do
    it("holds FTP's data connections to the session of the control connection, TLS " .. version, function()
      local c = assert(bearssl.client { trust = pki.root.p256, max_version = version, engine = "native" })
      local s = assert(bearssl.server { certificate = identity.certificate, key = identity.key, max_version = version,
        engine = "native" })
      local near, far = ends.tcp()
      local controls = {}
      local function data(options)
        local one, other = ends.tcp()
        local there, back = both(function() return starttls.ftp_data(controls[1], one, options.config or c,
          { name = "localhost" }) end, function() return starttls.ftp_data(controls[2], other, s, {}) end)
        if there[1] then there[1]:close() end
        if back[1] then back[1]:close() end
        return back[1], back[2]
      end
      both(function()
        controls[1] = assert(starttls.ftp(near, c, { name = "localhost" }))
        return controls[1]:receive()
      end, function()
        controls[2] = assert(starttls.ftp(far, s))
        return controls[2]:send "hello\n"
      end)
      for _ = 1, 4 do assert.truthy(data {}) end
      local stranger = bearssl.client { trust = pki.root.p256, max_version = version, engine = "native" }
      local one, other = ends.tcp()
      local _, back = both(function()
        local sock = stranger:wrap(one, { name = "localhost" })
        sock = scheduler.socket(sock)
        sock:handshake()
        sock:receive()
        return sock:close()
      end, function() return starttls.ftp_data(controls[2], other, s) end)
      assert.is_nil(back[1])
      assert.equal("not_resumed", back[2].code)
      for _, control in ipairs(controls) do control:close() end
    end)
  end

  it("gives up when the time is over, and gives the socket back as it was", function()
    local near, far = peer.tcp_pair()
    near:settimeout(7)
    local sock, err = starttls.smtp(near, client, { name = "localhost", timeout = 0.1 })
    assert.is_nil(sock)
    assert.equal("timeout", err)
    assert.equal(7, (near:gettimeout()))
    far:send "x"
    assert.equal("x", near:receive(1))
    near:close()
    far:close()
  end)

  it("raises for what the programmer did wrong", function()
    local near, far = peer.tcp_pair()
    for _, call in ipairs {
      function() starttls.smtp(1, client, { name = "x" }) end, function() starttls.smtp(near, {}, { name = "x" }) end,
      function() starttls.smtp(near, client) end, function() starttls.smtp(near, client, { name = "x", helo = 1 }) end,
      function() starttls.smtp(near, client, { name = "x", domain = "y" }) end,
      function() starttls.imap(near, server, { greeted = true }) end,
      function() starttls.ldap(near, server, { greeted = true }) end,
    } do
      assert.has_error(call)
    end
    far:send "220 x\r\n"
    assert.has_error(function() starttls.smtp(near, client, { name = "x", helo = "a b\r\nDATA" }) end,
      "option 'helo': a word without spaces and control characters is wanted")
    near:close()
    far:close()
  end)
end)
