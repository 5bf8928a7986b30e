#!/bin/sh
# A leaf and its root in each file, the root's signature being of the kind that the file is named for. OpenSSL 3.0;
# the keys are not kept. Ours, no rights reserved.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

server='basicConstraints=CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:leaf.example'

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/leaf.key"

make() { # name, arguments of genpkey, arguments of the signature
  name=$1 keyargs=$2
  shift 2
  # shellcheck disable=SC2086
  openssl genpkey $keyargs -out "$work/$name.key"
  openssl req -new -x509 -key "$work/$name.key" -subj "/CN=$name root" -days 9000 -config /dev/null -out "$work/root.pem" \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' "$@"
  openssl req -new -key "$work/leaf.key" -subj "/CN=$name leaf" -config /dev/null -out "$work/leaf.csr"
  echo "$server" >"$work/leaf.ext"
  openssl x509 -req -in "$work/leaf.csr" -CA "$work/root.pem" -CAkey "$work/$name.key" -days 8999 -set_serial 2 \
    -extfile "$work/leaf.ext" -out "$work/leaf.pem" "$@"
  cat "$work/leaf.pem" "$work/root.pem" >"$name.pem"
}

rsa() { echo "-algorithm RSA -pkeyopt rsa_keygen_bits:$1"; }
ec() { echo "-algorithm EC -pkeyopt ec_paramgen_curve:$1"; }
pss() { # digest, mgf1, salt
  echo "-$1 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:$3 -sigopt rsa_mgf1_md:$2"
}

for digest in sha1 sha224 sha256 sha384 sha512 md5; do make rsa2048-$digest "$(rsa 2048)" -$digest; done
for bits in 1024 3072 4096 6144 8192 8208; do make rsa$bits "$(rsa $bits)" -sha256; done
for curve in P-256 P-384 P-521; do
  for digest in sha256 sha384 sha512; do make "ec-$curve-$digest" "$(ec $curve)" -$digest; done
done
make ec-P-256-sha1 "$(ec P-256)" -sha1
make ec-secp256k1 "$(ec secp256k1)" -sha256
make ed25519 "-algorithm ED25519"
make ed448 "-algorithm ED448"
# shellcheck disable=SC2046
{
  make pss-sha256 "$(rsa 2048)" $(pss sha256 sha256 32)
  make pss-sha384 "$(rsa 2048)" $(pss sha384 sha384 48)
  make pss-sha512 "$(rsa 2048)" $(pss sha512 sha512 64)
  make pss-sha256-salt0 "$(rsa 2048)" $(pss sha256 sha256 0)
  make pss-sha256-salt222 "$(rsa 2048)" $(pss sha256 sha256 222)
  make pss-sha256-mgf1-sha512 "$(rsa 2048)" $(pss sha256 sha512 32)
  make pss-sha1 "$(rsa 2048)" $(pss sha1 sha1 20)
  make pss-sha256-mgf1-sha1 "$(rsa 2048)" $(pss sha256 sha1 32)
  make pss-8192 "$(rsa 8192)" $(pss sha256 sha256 32)
  bound='-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256
    -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32'
  make pss-key "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048" $(pss sha256 sha256 32)
  make pss-key-bound "$bound" $(pss sha256 sha256 32)
  make pss-key-bound-longer-salt "$bound" $(pss sha256 sha256 40)
}
