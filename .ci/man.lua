-- SPDX-License-Identifier: MIT
-- man.lua - docs/bearssl.1 on standard output, out of the command's own parser (make man).
local command = require "bearssl.command"

local lines = {}
local function add(...) lines[#lines + 1] = string.format(...) end

local function roff(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^[.']", "\\&%0"):gsub("\n", " "))
end

local function label(option)
  local names = {}
  for i, name in ipairs(option._aliases) do names[i] = "\\fB" .. roff(name) .. "\\fR" end
  local argument = option._maxargs > 0 and option:_get_argname(1)
  return table.concat(names, ", ") .. (argument and " \\fI" .. roff(argument) .. "\\fR" or "")
end

local function paragraph(head, text)
  add ".TP"
  add("%s", head)
  add("%s", roff(text))
end

local function section(name, parser)
  add('.SH "BEARSSL %s"', name:upper())
  add("%s", roff(parser._description))
  add ".PP"
  add ".nf"
  for line in parser:get_usage():gmatch "[^\n]+" do add("%s", roff(line)) end
  add ".fi"
  for _, argument in ipairs(parser._arguments) do
    paragraph("\\fI" .. roff(argument._name) .. "\\fR", argument:_get_description())
  end
  for _, option in ipairs(parser._options) do paragraph(label(option), option:_get_description()) end
end

local verbs = select(2, command.parser())
add('.\\" Made by `make man` from the command itself.')
add('.TH BEARSSL 1 "" "bearssl %s" "User Commands"', require "bearssl.version")
add ".SH NAME"
add "bearssl \\- see a handshake, inspect a certificate, audit a server, fetch and serve over HTTPS"
add ".SH SYNOPSIS"
add "\\fBbearssl\\fR \\fIVERB\\fR [\\fIOPTION\\fR]... [\\fITARGET\\fR]..."
add ".SH DESCRIPTION"
add("%s", roff("A target is a host, host:port, [v6]:port, a URL, a file, or - for standard input. Colour is for"
  .. " terminals alone. With --json a verb gives one JSON document, whose schema is in the manual."))
for _, name in ipairs(command.verbs()) do paragraph("\\fB" .. name .. "\\fR", verbs[name]._summary) end
for _, name in ipairs(command.verbs()) do section(name, verbs[name]) end
add '.SH "EXIT STATUS"'
for _, row in ipairs {
  { "0", "All is well." }, { "1", "It worked, and there is something to say against what was found." },
  { "2", "The arguments are wrong." }, { "3", "No connection." }, { "4", "A connection, but no TLS." },
  { "5", "TLS, but the certificates do not verify." }, { "6", "A file cannot be read or written." },
  { "70", "A fault of the command itself." }, { "129, 130, 143", "Ended by SIGHUP, SIGINT, SIGTERM." },
} do
  paragraph(row[1], row[2])
end
add ".SH ENVIRONMENT"
paragraph("NO_COLOR", "No colours, where it is set and not empty.")
paragraph("SSL_CERT_FILE, SSL_CERT_DIR", "Where the system's trust anchors are.")
paragraph("https_proxy, all_proxy, no_proxy", "Proxies of bearssl get.")
add '.SH "SEE ALSO"'
add "\\fBopenssl\\fR(1), \\fBcurl\\fR(1); the manual: docs/command.md"
print(table.concat(lines, "\n"))
