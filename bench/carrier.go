package main

import (
	"bufio"
	"net"
)

// carrier lies between TLS and a data connection, so that many records go
// through one system call.
type carrier struct {
	net.Conn
	in        *bufio.Reader
	out       *bufio.Writer
	gathering bool
}

// use takes the next connection; buffers are kept from the last one.
func (c *carrier) use(conn net.Conn) {
	c.Conn = conn
	c.gathering = false
	if c.in == nil {
		c.in = bufio.NewReaderSize(conn, bufferSize)
		return
	}
	c.in.Reset(conn)
}

// gather makes Write collect records. Not during the handshake, whose messages
// are waited for.
func (c *carrier) gather() {
	if c.out == nil {
		c.out = bufio.NewWriterSize(c.Conn, bufferSize)
	} else {
		c.out.Reset(c.Conn)
	}
	c.gathering = true
}

// flush sends what was collected and ends the collecting.
func (c *carrier) flush() error {
	c.gathering = false
	return c.out.Flush()
}

func (c *carrier) Read(p []byte) (int, error) { return c.in.Read(p) }

func (c *carrier) Write(p []byte) (int, error) {
	if c.gathering {
		return c.out.Write(p)
	}
	return c.Conn.Write(p)
}
