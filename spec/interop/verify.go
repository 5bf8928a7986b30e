// SPDX-License-Identifier: MIT

// Judges hierarchies by crypto/x509: for spec/interop/go_verify_spec.lua. Reads lines
//
//	case TIME NAME          seconds since the epoch; host name, or - for none
//	leaf|other|anchor BASE64
//	end
//
// and writes one line for each case: ok, or no and why.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type question struct {
	options x509.VerifyOptions
	leaf    *x509.Certificate
	err     error
}

func ask(fields []string) *question {
	seconds, err := strconv.ParseInt(fields[1], 10, 64)
	q := &question{err: err, options: x509.VerifyOptions{
		CurrentTime:   time.Unix(seconds, 0),
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}}
	if fields[2] != "-" {
		q.options.DNSName = fields[2]
	}
	return q
}

// What Go cannot parse of the others is a stray, as it is in crypto/tls.
func (q *question) add(kind, text string) {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		q.err = err
		return
	}
	certificate, err := x509.ParseCertificate(der)
	switch {
	case kind == "leaf":
		q.leaf, q.err = certificate, err
	case err != nil:
	case kind == "anchor":
		q.options.Roots.AddCert(certificate)
	default:
		q.options.Intermediates.AddCert(certificate)
	}
}

func (q *question) answer() string {
	err := q.err
	if err == nil {
		_, err = q.leaf.Verify(q.options)
	}
	if err != nil {
		return "no " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return "ok"
}

func main() {
	var q *question
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		fields := strings.Fields(in.Text())
		switch fields[0] {
		case "case":
			q = ask(fields)
		case "end":
			fmt.Println(q.answer())
		default:
			q.add(fields[0], fields[1])
		}
	}
}
