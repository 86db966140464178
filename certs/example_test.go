package certs_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"

	"github.com/sealane/sealane/certs"
)

// A server makes its certificate at its first start; a client knows the server
// by the pin that the server printed.
func Example() {
	dir, err := os.MkdirTemp("", "state")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	pair, created, err := certs.LoadOrCreate(dir, certs.LocalNames())
	if err != nil {
		fmt.Println(err)
		return
	}
	pin, err := certs.ParsePin(certs.PinSPKI(pair.Leaf))
	fmt.Println("created:", created, "pin error:", err)

	fmt.Println("right pin:", handshake(pair, pin))
	fmt.Println("wrong pin refused:", errors.Is(handshake(pair, certs.Pin{}), certs.ErrPin))
	// Output:
	// created: true pin error: <nil>
	// right pin: <nil>
	// wrong pin refused: true
}

// handshake connects a client that trusts the pinned key and nothing else.
func handshake(pair certs.Pair, pin certs.Pin) error {
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair.Certificate}})
	if err != nil {
		return err
	}
	defer ln.Close()
	go func() {
		if c, err := ln.Accept(); err == nil {
			_ = c.(*tls.Conn).Handshake()
			c.Close()
		}
	}()
	conn, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{
		InsecureSkipVerify: true, // VerifyConnection decides instead
		VerifyConnection: func(cs tls.ConnectionState) error {
			return certs.VerifyPin([]certs.Pin{pin}, cs)
		},
	})
	if err != nil {
		return err
	}
	conn.Close()
	return nil
}
