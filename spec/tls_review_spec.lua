-- What a second reader of the native engine found: each a rule of the RFCs that a peer, or a caller, could break.
local bearssl = require "bearssl"
local hostile = require "spec.support.hostile"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

local CLEAR_CLOSE_NOTIFY = "\21\3\3\0\2\1\0"

describe("the end of a TLS 1.3 connection", function()
  it("is no alert in clear once its keys stand, whoever put it there", function()
    local client = hostile.server():run()
    assert.is_true(client:connected())
    client:feed(CLEAR_CLOSE_NOTIFY)
    hostile.assert_refused(client, "unexpected_message")
    local server = hostile.client():run()
    assert.is_true(server:connected())
    server:feed(CLEAR_CLOSE_NOTIFY)
    hostile.assert_refused(server, "unexpected_message")
  end)
end)
