-- An ACME server that says what a spec tells it to. against(fn) calls fn(url, answers, asked) with one that has, by
-- path, the answers which an order needs: { status, headers = "Name: value\r\n", body = text or table }, or a function
-- of the request ({ path, method, payload, protected }) that gives one; `asked` is the list of requests.
local bearssl = require "bearssl"
local json = require "bearssl.https.json"
local mime = require "mime"
local mkcert = require "bearssl.mkcert"
local scheduler = require "bearssl.scheduler"

local acme_server = {}

local MAX_BODY = 65536

local root = assert(mkcert.authority { name = "ACME" })
local identity = assert(root:issue { names = "127.0.0.1" })
acme_server.root, acme_server.identity = root, identity

local function unpacked(text)
  local bytes = text and mime.unb64(text:gsub("[-_]", { ["-"] = "+", _ = "/" }) .. ("="):rep(-#text % 4)) or ""
  return bytes ~= "" and json.decode(bytes) or bytes
end

local function request_of(sock)
  local method, path = (sock:receive "*l" or ""):match "^(%u+) /(%S*)"
  local size = 0
  for line in function() return sock:receive "*l" end do
    if line == "" then break end
    size = tonumber(line:match "^[Cc]ontent%-[Ll]ength: (%d+)") or size
  end
  local signed = size > 0 and json.decode(sock:receive(math.min(size, MAX_BODY)) or "") or {}
  return { method = method, path = path, payload = unpacked(signed.payload), protected = unpacked(signed.protected) }
end

local function answer(sock, answers, asked)
  local request = request_of(sock)
  asked[#asked + 1] = request
  local said = request.path and answers[request.path]
  while type(said) == "function" do said = said(request) end
  said = said or { status = 404, body = "{}" }
  local body = type(said.body) == "table" and json.encode(said.body) or said.body or "{}"
  if request.method == "HEAD" then body = "" end
  sock:send(("HTTP/1.1 %d Said\r\n%sContent-Length: %d\r\nConnection: close\r\n%s\r\n%s"):format(said.status or 200,
    said.nonce == false and "" or ("Replay-Nonce: %s\r\n"):format(said.nonce or "n"), #body, said.headers or "", body))
end

local function usual(base)
  return {
    directory = { body = { newNonce = base .. "nonce", newAccount = base .. "account", newOrder = base .. "new" } },
    nonce = { body = "" },
    account = { status = 201, headers = ("Location: %saccount/1\r\n"):format(base) },
    new = { status = 201, headers = ("Location: %sorder\r\n"):format(base) },
    order = { body = { status = "pending", authorizations = { base .. "authz" }, finalize = base .. "finalize" } },
    authz = { body = { status = "pending", identifier = { type = "dns", value = "a.example" }, challenges = {
      { type = "dns-01", token = "abc", url = base .. "challenge" } } } },
  }
end

-- Gives what fn gives.
function acme_server.against(fn)
  local listener = assert(bearssl.listen { host = "127.0.0.1", port = 0, certificate = identity.pem, key = identity.key,
    watch = false, fetch_staple = false })
  local base = ("https://127.0.0.1:%d/"):format((select(2, listener:getsockname())))
  local answers, asked = usual(base), {}
  local loop, result = scheduler.loop(), nil
  loop:spawn(listener.run, listener, function(sock) answer(sock, answers, asked) end)
  loop:spawn(function()
    result = table.pack(pcall(fn, base, answers, asked))
    listener:close(0)
  end)
  loop:run()
  assert(result[1], result[2])
  return table.unpack(result, 2, result.n)
end

-- Has a server answer an order as one does that keeps to the RFC: `chain(csr)` gives the certificate's PEM, by
-- default one of the root's for the request.
function acme_server.honest(base, answers, chain)
  local order = { status = "ready", authorizations = { base .. "authz" }, finalize = base .. "finalize" }
  local new = answers.new
  function answers.new()
    order.status, order.certificate = "ready", nil
    return new
  end
  function answers.order() return { body = order } end
  answers.authz.body.status = "valid"
  local pem
  function answers.finalize(request)
    local csr = mime.unb64((request.payload.csr:gsub("[-_]", { ["-"] = "+", _ = "/" }))
      .. ("="):rep(-#request.payload.csr % 4))
    pem = chain and chain(csr) or assert(root:issue { request = csr }).pem
    order.status, order.certificate = "valid", base .. "chain"
    return { body = order }
  end
  function answers.chain() return { body = pem } end
  return order
end

return acme_server
