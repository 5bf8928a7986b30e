// Go's crypto/tls as a peer: see run.lua for what it is asked.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
)

var options = map[string]string{"times": "1"}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal("failed ", err)
	}
	return value
}

func config() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(options["cafile"])))
	c := &tls.Config{RootCAs: roots, ClientCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12,
		ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	if options["certificate"] != "" {
		c.Certificates = []tls.Certificate{must(tls.LoadX509KeyPair(options["certificate"], options["key"]))}
	}
	if options["alpn"] != "" {
		c.NextProtos = strings.Split(options["alpn"], ",")
	}
	if options["client_auth"] != "" {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if options["group"] == "secp384r1" {
		c.CurvePreferences = []tls.CurveID{tls.CurveP384}
	}
	return c
}

func serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	data := make([]byte, must(strconv.Atoi(strings.TrimSpace(line))))
	if _, err = io.ReadFull(r, data); err == nil {
		_, err = c.Write(data)
	}
	fmt.Println("echoed", len(data), err)
}

func request(c net.Conn, data []byte) {
	defer c.Close()
	written := make(chan bool)
	go func() {
		fmt.Fprintf(c, "%d\n", len(data))
		c.Write(data)
		close(written)
	}()
	back := make([]byte, len(data))
	must(io.ReadFull(c, back))
	if !bytes.Equal(data, back) {
		log.Fatal("failed: other bytes")
	}
	<-written // Close leaves without close_notify where a Write has not returned
	fmt.Println("same", len(data))
}

func main() {
	for _, arg := range os.Args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		options[name] = value
	}
	c, times := config(), must(strconv.Atoi(options["times"]))
	if os.Args[1] == "server" {
		l := must(net.Listen("tcp", "127.0.0.1:0"))
		fmt.Println("port", l.Addr().(*net.TCPAddr).Port)
		for i := 0; i < times; i++ {
			serve(tls.Server(must(l.Accept()), c))
		}
		return
	}
	data := must(io.ReadAll(os.Stdin))
	for i := 0; i < times; i++ {
		request(must(tls.Dial("tcp", "127.0.0.1:"+options["port"], c)), data)
	}
}
