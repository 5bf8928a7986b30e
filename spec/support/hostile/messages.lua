-- TLS messages as tables that a spec may spoil, and their bytes. Each table has `tail`, what comes behind the last
-- field, and may have `raw`, which then is the whole body.
local messages = {}

local function vector(format, list)
  local parts = {}
  for i, v in ipairs(list) do parts[i] = format:pack(v) end
  return table.concat(parts)
end
messages.vector = vector

-- { { type, data }, ... } -> the block without its length
function messages.block(extensions)
  local parts = {}
  for i, x in ipairs(extensions) do parts[i] = (">I2s2"):pack(x[1], x[2]) end
  return table.concat(parts)
end

-- Puts an extension in, in the place of one of its type where there is one.
function messages.set(extensions, type, data)
  for _, x in ipairs(extensions) do
    if x[1] == type then
      x[2] = data
      return
    end
  end
  table.insert(extensions, 1, { type, data }) -- pre_shared_key stays the last
end

function messages.drop(extensions, type)
  for i = #extensions, 1, -1 do
    if extensions[i][1] == type then table.remove(extensions, i) end
  end
end

function messages.get(extensions, type)
  for _, x in ipairs(extensions) do
    if x[1] == type then return x[2] end
  end
end

local function read_block(block)
  local list, at = {}, 1
  while at <= #block do
    local type, data
    type, data, at = (">I2s2"):unpack(block, at)
    list[#list + 1] = { type, data }
  end
  return list
end

local function numbers(list)
  local out = {}
  for i = 1, #list, 2 do out[#out + 1] = (">I2"):unpack(list, i) end
  return out
end

local function shares(data)
  local list, at, by_group = (">s2"):unpack(data), 1, {}
  while at <= #list do
    local group, share
    group, share, at = (">I2s2"):unpack(list, at)
    by_group[group] = share
  end
  return by_group
end

-- --- reading ------------------------------------------------------------------------------------

function messages.read_client_hello(body)
  local version, random, session_id, suites, compression, at = (">I2c32s1s2s1"):unpack(body)
  local extensions = read_block(at <= #body and (">s2"):unpack(body, at) or "")
  local key_share = messages.get(extensions, 51)
  return { legacy_version = version, random = random, session_id = session_id, cipher_suites = numbers(suites),
    compression_methods = compression, extensions = extensions, shares = key_share and shares(key_share) or {} }
end

function messages.read_server_hello(body)
  local version, random, session_id, suite, compression, at = (">I2c32s1I2B"):unpack(body)
  return { legacy_version = version, random = random, session_id = session_id, cipher_suite = suite,
    compression_method = compression, extensions = read_block(at <= #body and (">s2"):unpack(body, at) or "") }
end

function messages.read_new_session_ticket(body)
  local lifetime, age_add, nonce, ticket, block = (">I4I4s1s2s2"):unpack(body)
  return { lifetime = lifetime, age_add = age_add, nonce = nonce, ticket = ticket, extensions = read_block(block) }
end

function messages.read_encrypted_extensions(body)
  return { extensions = read_block((">s2"):unpack(body)) }
end

-- --- writing ------------------------------------------------------------------------------------

local write = {}

function write.client_hello(m)
  local head = (">I2c32s1s2s1"):pack(m.legacy_version, m.random, m.session_id, vector(">I2", m.cipher_suites),
    m.compression_methods)
  return head .. (m.extensions and (">s2"):pack(messages.block(m.extensions)) or "")
end

function write.server_hello(m)
  local head = (">I2c32s1I2B"):pack(m.legacy_version, m.random, m.session_id, m.cipher_suite, m.compression_method)
  return head .. (m.extensions and (">s2"):pack(messages.block(m.extensions)) or "")
end
write.hello_retry_request = write.server_hello

function write.encrypted_extensions(m)
  return (">s2"):pack(messages.block(m.extensions))
end

function write.certificate_request(m)
  return (">s1s2"):pack(m.context, messages.block(m.extensions))
end

-- entries: { DER, extensions or nil }; context: nil in TLS 1.2
function write.certificate(m)
  local parts = {}
  for i, entry in ipairs(m.entries) do
    parts[i] = (">s3"):pack(entry[1]) .. (m.context and (">s2"):pack(messages.block(entry[2] or {})) or "")
  end
  return (m.context and (">s1"):pack(m.context) or "") .. (">s3"):pack(table.concat(parts))
end

function write.certificate_verify(m)
  return (">I2s2"):pack(m.scheme, m.signature)
end

function write.finished(m)
  return m.verify_data
end

function write.new_session_ticket(m)
  return (">I4I4s1s2s2"):pack(m.lifetime, m.age_add, m.nonce, m.ticket, messages.block(m.extensions))
end

function write.key_update(m)
  return (">B"):pack(m.request_update)
end

function write.empty()
  return ""
end
write.end_of_early_data, write.server_hello_done, write.hello_request = write.empty, write.empty, write.empty

-- TLS 1.2

function write.server_key_exchange(m)
  return m.parameters .. (">I2s2"):pack(m.scheme, m.signature)
end

function write.parameters(m)
  return (">BI2s1"):pack(m.curve_type, m.named_curve, m.point)
end

function write.certificate_request_12(m)
  return (">s1s2s2"):pack(m.certificate_types, vector(">I2", m.schemes), m.authorities)
end

function write.client_key_exchange(m)
  return (">s1"):pack(m.point)
end

function write.new_session_ticket_12(m)
  return (">I4s2"):pack(m.lifetime, m.ticket)
end

function write.certificate_status(m)
  return (">Bs3"):pack(m.status_type, m.response)
end

messages.types = {
  hello_request = 0, client_hello = 1, server_hello = 2, hello_retry_request = 2, new_session_ticket = 4,
  new_session_ticket_12 = 4, end_of_early_data = 5, encrypted_extensions = 8, certificate = 11,
  server_key_exchange = 12, certificate_request = 13, certificate_request_12 = 13, server_hello_done = 14,
  certificate_verify = 15, client_key_exchange = 16, finished = 20, certificate_status = 22, key_update = 24,
}

function messages.body(name, m)
  return m.raw or write[name](m) .. (m.tail or "")
end

function messages.frame(type, body)
  return (">Bs3"):pack(type, body)
end

-- The whole message.
function messages.bytes(name, m)
  return messages.frame(m.type or messages.types[name], messages.body(name, m))
end

return messages
