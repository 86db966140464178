package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// relayed gives both ends of a connection through a relay without delay.
func relayed(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", nearHost+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	port := ln.Addr().(*net.TCPAddr).Port
	r, err := newRelay(nearHost, farHost, []int{port}, 0)
	if err != nil {
		t.Skipf("this system has one loopback address only: %v", err)
	}
	t.Cleanup(r.close)
	c, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.ParseIP(farHost), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return c, s.(*net.TCPConn)
}

// The relay changes nothing: all bytes come, each direction ends for itself, and a
// reset stays one.
func TestRelay(t *testing.T) {
	client, server := relayed(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() {
		_, _ = client.Write(want)
		_ = client.CloseWrite()
	}()
	if got, err := io.ReadAll(server); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if _, err := server.Write([]byte("answer")); err != nil {
		t.Fatal(err)
	}
	_ = server.CloseWrite()
	if got, err := io.ReadAll(client); err != nil || string(got) != "answer" {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestRelayReset(t *testing.T) {
	client, server := relayed(t)
	_ = client.SetLinger(0)
	_ = client.Close()
	if _, err := io.ReadAll(server); err == nil {
		t.Error("the reset came as an end")
	}
}

func TestClientOptions(t *testing.T) {
	o, err := parseClients([]string{"-quick", "-files", "7", "-run", "^many"}, io.Discard)
	if err != nil || o.rounds != 1 || o.many != 7 || o.size != 128<<20 || o.delay != 50*time.Millisecond {
		t.Fatalf("%+v, %v", o, err)
	}
	for _, e := range o.errands() {
		if !strings.HasPrefix(e.name, "many") {
			t.Errorf("%s runs", e.name)
		}
	}
	for _, bad := range [][]string{{"-files", "0"}, {"-run", "("}, {"extra"}, {"-delay", "-1s"}} {
		if _, err := parseClients(bad, io.Discard); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
