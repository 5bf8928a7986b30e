# SHA-256 over ciphertext and tag of each length, 0 to 1,024, by OpenSSL (through pyca/cryptography).
import hashlib
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

for name, aead, size in (
    ("aes_128_gcm", AESGCM, 16),
    ("aes_256_gcm", AESGCM, 32),
    ("chacha20_poly1305", ChaCha20Poly1305, 32),
    ("aes_128_ccm", AESCCM, 16),
):
    all = hashlib.sha256()
    for n in range(1025):
        key = bytes((n + 3 * i) & 255 for i in range(size))
        nonce = bytes((5 * n + i) & 255 for i in range(12))
        aad = bytes((n + i) & 255 for i in range(n % 34))
        text = bytes((n ^ 7 * i) & 255 for i in range(n))
        all.update(aead(key).encrypt(nonce, text, aad))
    print(name, all.hexdigest())
