/* SPDX-License-Identifier: MIT
 * bear_identities.h - two self-signed identities, for the fuzzers alone: made by openssl genpkey and
 * openssl req -x509, P-256 and RSA-2048. */
#ifndef BEAR_IDENTITIES_H
#define BEAR_IDENTITIES_H

static const char ec_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBjjCCATSgAwIBAgIUH+qauyJbSp+g7HLQa8g7MhYMhaMwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjUxNzQ3MzJaGA8yMDUxMDcxNzE3NDcz\n"
    "MlowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBCu\n"
    "VwijcruG5MEYxjRESCdLYKG835sbfi0W8vcp798BraSRZDIW30DoJ3t71pV7Nau1\n"
    "1ZpCLR591EIorFLvSLWjbDBqMB0GA1UdDgQWBBQOtPo7AenJy2KomrRnlRsGK+7c\n"
    "3jAfBgNVHSMEGDAWgBQOtPo7AenJy2KomrRnlRsGK+7c3jAPBgNVHRMBAf8EBTAD\n"
    "AQH/MBcGA1UdEQQQMA6CDGZ1enouZXhhbXBsZTAKBggqhkjOPQQDAgNIADBFAiAi\n"
    "mLcjzft3PNLlV4uhbMCpD4u46MjtywLII/KGqIBmwQIhAMfLlINk+K+1ovC0C3ZL\n"
    "geoB2ptUQy0uQARTgThTTLsJ\n"
    "-----END CERTIFICATE-----\n";

static const char ec_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTDbu+RzXXP+M3L2l\n"
    "inKXBSaRfyRNMf/rOwhhVKiI80ChRANCAAQQrlcIo3K7huTBGMY0REgnS2ChvN+b\n"
    "G34tFvL3Ke/fAa2kkWQyFt9A6Cd7e9aVezWrtdWaQi0efdRCKKxS70i1\n"
    "-----END PRIVATE KEY-----\n";

static const char rsa_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDGjCCAgKgAwIBAgIUStDs1p6FiyQVqENFTXaKeqdsZYswDQYJKoZIhvcNAQEL\n"
    "BQAwDzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjUxNzUyNTNaGA8yMDUxMDcxNzE3\n"
    "NTI1M1owDzENMAsGA1UEAwwEZnV6ejCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC\n"
    "AQoCggEBANhfYORzf/Y3ywhCqUyYrkcQSh50Zsb+/ID2fsKHe8p6TFpxxW95MLZ4\n"
    "sYkrvOszjLitXpECJjGO+EVdJt6TRwax7ztzMMLGtgg/LcW+Yh3CoSbuJP3AYDqO\n"
    "Zp/bKuMNvsgW/sjRRG5BwIa8BEtPW3XIWMxoH1F87F8PMMjWcYMYeBW3a/iAhfIG\n"
    "wC5ivOza7GYSmAMq9j5bKNWVZp2WHh94eE+eAXqaRPxHQFcH25UmLqMJ9f12dfLw\n"
    "ploqKam3K8RVlYzH4ZV9+FACIIf+4uduB0dculEcmCMra9+wA+ix4iBYnhhFeCtz\n"
    "YIlsFMaJ+CmfFD7RiHbNqi+3UKBJvZUCAwEAAaNsMGowHQYDVR0OBBYEFEEITY3b\n"
    "5JAQ7VSmGuZ6uTPZG/6xMB8GA1UdIwQYMBaAFEEITY3b5JAQ7VSmGuZ6uTPZG/6x\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wFwYDVR0RBBAwDoIMZnV6ei5leGFtcGxlMA0GCSqG\n"
    "SIb3DQEBCwUAA4IBAQAMXcSCs+onzlWd1avlieNlXEDmqZ3oWTYEDqD8GDzdEvjc\n"
    "NFQvPJNjiQF36tGgDt0kXZOaOyTRpVlpqVjFRu5c3cLGzeXHrqYpqG+ylaR/xIrg\n"
    "wX96v/nsMGgCWXifSido95NZAmGHrPqwgANuja61ndPkfiX4MKcAFTeyvSe9Pxlf\n"
    "qHjuxR7P74zFg8w4n/r1Zuu4pmOgxHuJ1aRarFhU5ZhDeHBoe2cADRskxBM9lFNM\n"
    "RaabV+sT5NX+51tZMPLSrzZP0RT4XZylz6c56YfVzY+MlXIMIa0uLKGCflH+cjQ0\n"
    "93if2xlKW0o1e/I2UzlQjhw3tmOIeXu+SEaRJUB0\n"
    "-----END CERTIFICATE-----\n";

static const char rsa_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDYX2Dkc3/2N8sI\n"
    "QqlMmK5HEEoedGbG/vyA9n7Ch3vKekxaccVveTC2eLGJK7zrM4y4rV6RAiYxjvhF\n"
    "XSbek0cGse87czDCxrYIPy3FvmIdwqEm7iT9wGA6jmaf2yrjDb7IFv7I0URuQcCG\n"
    "vARLT1t1yFjMaB9RfOxfDzDI1nGDGHgVt2v4gIXyBsAuYrzs2uxmEpgDKvY+WyjV\n"
    "lWadlh4feHhPngF6mkT8R0BXB9uVJi6jCfX9dnXy8KZaKimptyvEVZWMx+GVffhQ\n"
    "AiCH/uLnbgdHXLpRHJgjK2vfsAPoseIgWJ4YRXgrc2CJbBTGifgpnxQ+0Yh2zaov\n"
    "t1CgSb2VAgMBAAECggEAa1TIzhpDQCKGCxdyPuZAEU1RzxCjyRPEsr5Tu/CUJikL\n"
    "hhQIwdbGpMVzH9277ZpZNGT/04PS6WOH4XSnauJ46afLSdzGs9/5fVbFwGFD74pU\n"
    "AWlBnURYF8P6wVJpUE9Js5zAj2JLhTwFonBS2v7HGkKjVeZSnswOvsrcwsupbEMF\n"
    "3bV9UX79ceuyAXdW2URrZnxzdZCuZouiyapB3K8P4ZmEenm2dlP8NTWrIov4eS44\n"
    "l5mQkKig8D2VE8pR1ACbrCsMf5txwjGS7tWvZsMnCaEcEo2bZ22+qnvFgelOScgI\n"
    "OVBnCNB719vnOFyHOT7wU1XsL5WP28k2fkaYHkfC8wKBgQD1iR0lCmdHqzsDTb1U\n"
    "Ac9l8dK8TjVnpxO+UulBFlotTH/TJ+YNsUqXrsQJGhiZHn//haXRitjEpH5zhzBZ\n"
    "kdg2Yyc6+fxdf3eevEpajYKPeStkpA3wRStdjLABV/QBc+y6t7cGiXKfZ2FaCZbn\n"
    "0QY6NK5jLLayDjlW8U+sdvSAWwKBgQDhmBXBPiRGrO+7t/uZWaRXvRhE3Uu8s/M+\n"
    "2+pI9uqjgH5H4Vx7Lqp4l6w7Yd+l5Sb1oqr8L9x97/daGIqCEqmRNFJQ3eFER+Rk\n"
    "v3XgbQB8vByQWQt0JWRT2AfrTGuYqO/dp/5NFv/SR0iFZZOnd1+r+BCBRpFKvtRe\n"
    "BTDr3WQczwKBgFz8Hxhu9yvyEbgvkZql0NhHm0oKyDjH0jdKiOFISMBM7z+VJY9b\n"
    "6+bDnaPgyR37qfensmNHlM3riaPQt6PEEsCODkZMc6Eo67Eml3Xxj1csSR2k705l\n"
    "s4WLCQCJQXPnZehUOLD2Dn2Flh2V8hs6UoRqfPw767hEoLxnSIgEyJVvAoGBALsg\n"
    "hlsnCrw9UxZpRKAthW7qAamNzvcWZZ0smigv+O3q9dT2ENp1GR6y4UDYrMVVUX3L\n"
    "kv1hTgqA9LKdTLccd99kgStnASa8Y61WS5b/k7nj5+Wslx2erpwFxHvfhhi5eU5p\n"
    "vT2A6G8qhfNxEIuHL6rcOASj3n0b0dizgaMEn7htAoGAdawJO+iXo8oodSFhwV2p\n"
    "FwC71QGvXYqlZEqUM4P0sAfHjClBZiVEVACUuB1d94IcGiQT0HYACgMtpa89jJ8j\n"
    "hiVfK08o6wiGSAs9uOEuA1dELAd6hYkuiWwbOcsUETDCacLvfm28SuGnVcNGmgs3\n"
    "A3SYBi4nFKcsWyUK8yPP2JQ=\n"
    "-----END PRIVATE KEY-----\n";

#endif
