---@meta bearssl.command.options
-- Made by `make annotations` from the documentation comments.

---The options that verbs of the command `bearssl` share, and connections made by them.
---@class bearssl.command.options.module
local module = {}

---For argparse's convert: a whole number.
---@param low integer
---@param high integer
---@return function # of the text, which gives the number; or nil and what is wrong
function module.number(low, high) end

---For argparse's convert: an address to connect to.
---@param text string `host`, `host:port`, `[v6]:port`
---@return table|nil # as of `target.parse`
---@return nil|string # what is wrong
function module.address(text) end

---Adds what every verb has that makes connections.
---@param parser any argparse's parser of the verb
---@param without? table `starttls`, `connect` = true: none of that
function module.common(parser, without) end

---Adds the option for JSON.
---@param parser any argparse's parser of the verb
---@return any # the flag
function module.json(parser) end

---Adds what changes the offer: versions, suites, groups, signature schemes, ALPN; and the one that turns verification off.
---@param parser any argparse's parser of the verb
---@param without? table `insecure` = true: not that
function module.protocol(parser, without) end

---What the options ask of a client's config.
---@param args table what argparse has read
---@param more? table options of `bearssl.client` that win
---@return table # for `bearssl.client`
function module.config(args, more) end

---A config of a client by the options.
---@param args table
---@param more? table as of `options.config`
---@return bearssl.config|nil
---@return nil|bearssl.error # what is wrong with a file, or (code `option`) with an option
---@return nil|integer # the exit status
function module.client(args, more) end

---Where the options say to connect to.
---@param args table
---@param target table of `bearssl.command.target`
---@return string # host
---@return integer # port
---@return string|nil # the protocol of STARTTLS that is to be spoken first
function module.place(args, target) end

---Connects by TCP, no byte said.
---@param args table
---@param target table of `bearssl.command.target`
---@return userdata|nil # a TCP object of LuaSocket
---@return string|nil|bearssl.error # the protocol of STARTTLS that is to be spoken first
---@return nil|integer # the exit status
function module.dial(args, target) end

---Makes a handshake on a TCP connection.
---@param args table
---@param target table
---@param config bearssl.config
---@param tcp any of `options.dial`; closed where it fails
---@param starttls string|nil of `options.dial`
---@param more? table options of `config:wrap`
---@return bearssl.socket|nil
---@return nil|bearssl.error
---@return nil|integer # the exit status
---@return nil|bearssl.socket|nil # the connection as it has failed, closed: for its trace
---@return nil|bearssl.certificate[]|nil # what the peer had sent by then
function module.handshake(args, target, config, tcp, starttls, more) end

---Connects as the options say, and makes the handshake.
---@param args table
---@param target table
---@param more? table options of `bearssl.client` that win
---@return bearssl.socket|nil
---@return nil|bearssl.error
---@return nil|integer # the exit status
---@return nil|bearssl.socket|nil # as of `options.handshake`
---@return nil|bearssl.certificate[]|nil # likewise
function module.connect(args, target, more) end

return module
