-- SPDX-License-Identifier: MIT
-- DH primes that many servers share, by the SHA-256 of their octets: RFC 2409 and 3526 (MODP), RFC 5114, RFC 7919, and
-- what servers brought along.
local core = require "bearssl.core"
local hex = require "bearssl.hex"

local known = {
  ["64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b"] = "MODP 1536 (RFC 3526)",
  ["d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e"] = "MODP 2048 (RFC 3526)",
  ["48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c"] = "MODP 3072 (RFC 3526)",
  ["4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33"] = "MODP 4096 (RFC 3526)",
  ["d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd"] = "MODP 6144 (RFC 3526)",
  ["39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf"] = "MODP 8192 (RFC 3526)",
  ["9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966"] = "ffdhe2048",
  ["0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17"] = "ffdhe3072",
  ["4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e"] = "ffdhe4096",
  ["227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7"] = "ffdhe6144",
  ["770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833"] = "ffdhe8192",
  ["44c55cfee5c075927cf682da5b681bdecbd5c3eb0784c14f5dce7610f0ef133d"] = "1024 bits of RFC 5114",
  ["bfe545862ca102ad1eeddb5fbfa5bf855ac4995c56a8b408ce3fe099dce93a9d"] = "2048 bits of RFC 5114, 224",
  ["0b7835722cb619827610c2549fdda5587421686c4409a13865e76225522ddcc9"] = "2048 bits of RFC 5114, 256",
  ["b52ba6a3026520a6c49d37e4587601801bee500123b3259b6bf03e7cecc3e63d"] = "MODP 768 (RFC 2409)",
  ["3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0"] = "MODP 1024 (RFC 2409)",
  ["3cdb020b9ef298b2f3f6cf5a872af527337bf7b9f654b2e70c49da16a4d24137"] = "mod_ssl 2.0's, 512 bits",
  ["f79d1db3c955a28fdeca462670a0712efee4b588c7858e4943883f903bd1354b"] = "mod_ssl 2.2's, 1024 bits",
  ["8ae47dca3d24e9b64640062686da234dcabada26b0da6f090c5449c1338d9a11"] = "nginx's, 1024 bits",
  ["cc21a33dd1a3edf40bf636b5496e4aede198a437a8548e0cc1a621424e42419b"] = "Java's, 1024 bits",
  ["66d0bf38b0bdfacf2fdae33f35102ab6079fd5ff0feff8e436a4063745c72739"] = "OpenSSL's, 1024 bits",
  ["486e235226a927b22b9389bf43377084cb9be4c303f08fd490613ab4d9dfbd31"] = "HAProxy's, 1024 bits",
}

-- The name of a prime, or nil.
return { name = function(prime) return known[hex.of(core.digest("sha256", prime))] end }
