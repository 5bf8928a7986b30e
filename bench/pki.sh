#!/bin/sh
# SPDX-License-Identifier: MIT
# pki.sh FOLDER - certificates for the benchmarks: "p256" and "rsa2048", each root, intermediate and leaf (localhost).
# FOLDER/KIND-chain.pem (leaf, intermediate), KIND-leaf.key; roots.pem; bundle.pem (the system's roots and ours).
set -eu
mkdir -p "$1"
cd "$1"
cat >extensions <<'X'
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[leaf]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
authorityKeyIdentifier=keyid
X
new_key() { # kind file
  case $1 in
  p256) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$2" ;;
  rsa2048) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$2" ;;
  esac
}
issue() { # kind name common-name section signer...
  kind=$1 name=$1-$2 common_name=$3 section=$4
  shift 4
  new_key "$kind" "$name.key"
  openssl req -new -key "$name.key" -subj "/O=Benchmarks/CN=$common_name" -out "$name.csr"
  openssl x509 -req -in "$name.csr" -sha256 -days 365 -extfile extensions -extensions "$section" "$@" -out "$name.pem"
}
for kind in p256 rsa2048; do
  issue $kind root "$kind root" ca -signkey $kind-root.key
  issue $kind intermediate "$kind intermediate" ca -CA $kind-root.pem -CAkey $kind-root.key -CAcreateserial
  issue $kind leaf localhost leaf -CA $kind-intermediate.pem -CAkey $kind-intermediate.key -CAcreateserial
  cat $kind-leaf.pem $kind-intermediate.pem >$kind-chain.pem
done
cat p256-root.pem rsa2048-root.pem >roots.pem
system=/etc/ssl/certs/ca-certificates.crt
{ [ ! -r $system ] || cat $system; cat roots.pem; } >bundle.pem
