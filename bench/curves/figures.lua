-- figures.lua - the curves of bench/growth: what stands on the axes, and with which power of x each may grow at most.
-- Where both axes are logarithmic, a power is a slope. A logarithm is a small one: 0.1.
return {
  {
    name = "anchors", title = "Anchors in the store", x = "anchors", y = "µs of CPU time",
    series = {
      { "load", "store read from PEM", 1 }, { "first", "first chain verified", 0 },
      { "again", "chain verified again", 0 },
    },
  },
  {
    name = "chain", title = "Certificates in the chain", x = "certificates", y = "µs of CPU time",
    series = {
      { "first", "verified, Ed25519, nothing seen before", 1 }, { "shuffled", "the same, sent in the wrong order", 1 },
      { "again", "verified again", 1 },
    },
  },
  {
    name = "pool", title = "Certificates that do not belong to the chain", x = "certificates", y = "µs of CPU time",
    series = { { "others", "of other names", 1 }, { "same", "of the issuer's name, with other keys", 1 } },
  },
  {
    name = "names", title = "Names in a certificate", x = "names", y = "µs of CPU time",
    series = {
      { "parse", "parsed", 1 }, { "verify", "chain verified, the last name", 1 }, { "read", "names read from Lua", 1 },
      { "constrained", "verified under 100 name constraints", 1 },
    },
  },
  {
    name = "crl", title = "Entries in a CRL", x = "entries", y = "µs of CPU time",
    series = { { "load", "read and indexed", 1 }, { "look_up", "one serial number looked up", 0.1 } },
  },
  {
    name = "record", title = "Bytes in a record", x = "bytes", y = "µs of CPU time",
    series = {
      { "aes128gcm", "AES-128-GCM, sealed and opened", 1 }, { "chacha20", "ChaCha20-Poly1305, sealed and opened", 1 },
    },
  },
  {
    name = "write", title = "Bytes in a send", x = "bytes", y = "µs of CPU time",
    series = { { "bearssl", "bearssl", 1 }, { "luasec", "LuaSec", 1 }, { "plain", "LuaSocket without TLS", 1 } },
  },
  {
    name = "body", title = "Bytes in the body of an HTTPS response", x = "bytes", y = "µs of CPU time",
    series = { { "bearssl", "bearssl.https", 1 }, { "luasec", "LuaSec's ssl.https", 1 } },
  },
  {
    name = "connections", title = "One handshake more", x = "connections that are open", y = "µs of CPU time",
    series = { { "handshake", "both sides, in memory", 0 } },
  },
  {
    name = "turn", title = "One turn of the scheduler's loop", x = "connections that wait", y = "µs of CPU time",
    series = { { "one", "one of them is ready", 0 } },
  },
  {
    name = "memory", title = "Memory of open connections, both sides", x = "connections", y = "KiB for all",
    series = { { "idle", "in memory, after a byte each way", 1 } },
  },
}
