// SPDX-License-Identifier: MIT

// What Go makes of what mkcert made: for spec/interop/go_mkcert_spec.lua. Reads questions as lines of JSON, and writes
// for each what it has read, or why it refuses it.
package main

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"

	"golang.org/x/crypto/ocsp"
)

type question struct {
	What  string   // certificate, request, crl, ocsp
	DER   []byte   // it
	Root  []byte   // the anchor; of crl and ocsp the issuer
	Chain [][]byte // what stands between
	Leaf  []byte   // of ocsp: what it is about
	Name  string
	Usage string
	Key   string // the private key of a certificate or request, PEM
}

type facts map[string]any

var usages = map[string]x509.ExtKeyUsage{
	"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth, "ocsp": x509.ExtKeyUsageOCSPSigning,
	"any": x509.ExtKeyUsageAny,
}

func serial(n *big.Int) string { return hex.EncodeToString(n.Bytes()) }

func ips(list []net.IP) []string {
	texts := []string{}
	for _, ip := range list {
		texts = append(texts, ip.String())
	}
	return texts
}

func uris(list []*url.URL) []string {
	texts := []string{}
	for _, uri := range list {
		texts = append(texts, uri.String())
	}
	return texts
}

// The private key belongs to the public one: what it signs is verified.
func checkKey(text string, public any) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("no PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return err
	}
	message := []byte("message")
	digest := sha256.Sum256(message)
	var good bool
	switch public := public.(type) {
	case *rsa.PublicKey:
		private := key.(*rsa.PrivateKey)
		if err = private.Validate(); err != nil {
			return err
		}
		signature, _ := private.Sign(rand.Reader, digest[:], crypto.SHA256)
		good = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		signature, _ := key.(*ecdsa.PrivateKey).Sign(rand.Reader, digest[:], crypto.SHA256)
		good = ecdsa.VerifyASN1(public, digest[:], signature)
	case ed25519.PublicKey:
		good = ed25519.Verify(public, message, ed25519.Sign(key.(ed25519.PrivateKey), message))
	}
	if !good {
		return errors.New("another key")
	}
	return nil
}

func (q *question) certificate() (facts, error) {
	c, err := x509.ParseCertificate(q.DER)
	if err != nil {
		return nil, err
	}
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: q.Name,
		KeyUsages: []x509.ExtKeyUsage{usages[q.Usage]},
	}
	root, err := x509.ParseCertificate(q.Root)
	if err != nil {
		return nil, err
	}
	options.Roots.AddCert(root)
	for _, der := range q.Chain {
		between, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		options.Intermediates.AddCert(between)
	}
	if _, err = c.Verify(options); err != nil {
		return nil, err
	}
	if q.Key != "" {
		if err = checkKey(q.Key, c.PublicKey); err != nil {
			return nil, err
		}
	}
	policies := []string{}
	for _, policy := range c.Policies {
		policies = append(policies, policy.String())
	}
	return facts{
		"subject": c.Subject.String(), "issuer": c.Issuer.String(), "serial": serial(c.SerialNumber), "ca": c.IsCA,
		"not_before": c.NotBefore.Unix(), "not_after": c.NotAfter.Unix(), "key": c.PublicKeyAlgorithm.String(),
		"dns": c.DNSNames, "ip": ips(c.IPAddresses), "email": c.EmailAddresses, "uri": uris(c.URIs),
		"crl": c.CRLDistributionPoints, "ocsp": c.OCSPServer, "ca_issuers": c.IssuingCertificateURL,
		"permitted": c.PermittedDNSDomains, "excluded": c.ExcludedDNSDomains, "policies": policies,
		"path_length": c.MaxPathLen, "usage": int(c.KeyUsage), "unknown": len(c.UnhandledCriticalExtensions),
		"authority": hex.EncodeToString(c.AuthorityKeyId), "own": hex.EncodeToString(c.SubjectKeyId),
	}, nil
}

func (q *question) request() (facts, error) {
	r, err := x509.ParseCertificateRequest(q.DER)
	if err == nil {
		err = r.CheckSignature()
	}
	if err == nil {
		err = checkKey(q.Key, r.PublicKey)
	}
	if err != nil {
		return nil, err
	}
	return facts{
		"subject": r.Subject.String(), "dns": r.DNSNames, "ip": ips(r.IPAddresses), "email": r.EmailAddresses,
		"uri": uris(r.URIs), "extensions": len(r.Extensions),
	}, nil
}

func (q *question) crl() (facts, error) {
	list, err := x509.ParseRevocationList(q.DER)
	if err != nil {
		return nil, err
	}
	issuer, err := x509.ParseCertificate(q.Root)
	if err == nil {
		err = list.CheckSignatureFrom(issuer)
	}
	if err != nil {
		return nil, err
	}
	entries := []facts{}
	for _, entry := range list.RevokedCertificateEntries {
		entries = append(entries, facts{
			"serial": serial(entry.SerialNumber), "reason": entry.ReasonCode, "time": entry.RevocationTime.Unix(),
		})
	}
	return facts{
		"issuer": list.Issuer.String(), "number": list.Number.Int64(), "entries": entries,
		"this_update": list.ThisUpdate.Unix(), "next_update": list.NextUpdate.Unix(),
		"authority": hex.EncodeToString(list.AuthorityKeyId),
	}, nil
}

var statuses = map[int]string{ocsp.Good: "good", ocsp.Revoked: "revoked", ocsp.Unknown: "unknown"}

func (q *question) ocsp() (facts, error) {
	issuer, err := x509.ParseCertificate(q.Root)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(q.Leaf)
	if err != nil {
		return nil, err
	}
	r, err := ocsp.ParseResponseForCert(q.DER, leaf, issuer)
	if err != nil {
		return nil, err
	}
	found := facts{
		"status": statuses[r.Status], "serial": serial(r.SerialNumber), "produced_at": r.ProducedAt.Unix(),
		"this_update": r.ThisUpdate.Unix(), "next_update": r.NextUpdate.Unix(), "delegated": r.Certificate != nil,
		"responder": hex.EncodeToString(r.ResponderKeyHash),
	}
	if r.Status == ocsp.Revoked {
		found["reason"], found["time"] = r.RevocationReason, r.RevokedAt.Unix()
	}
	return found, nil
}

func (q *question) answer() (facts, error) {
	switch q.What {
	case "certificate":
		return q.certificate()
	case "request":
		return q.request()
	case "crl":
		return q.crl()
	case "ocsp":
		return q.ocsp()
	}
	return nil, fmt.Errorf("no question: %s", q.What)
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var q question
		err := json.Unmarshal(in.Bytes(), &q)
		var found facts
		if err == nil {
			found, err = q.answer()
		}
		if err != nil {
			found = facts{"refused": err.Error()}
		}
		text, _ := json.Marshal(found)
		fmt.Println(string(text))
	}
}
