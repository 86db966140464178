package dataconn

// AcceptFIN makes a FIN between two TLS records the end of the stream, as a
// close_notify is: Read then returns io.EOF for it. A FIN within a record stays an
// error, io.ErrUnexpectedEOF. It is for peers that never send a close_notify; anybody
// on the way can then cut the stream short, and nobody can tell. Call it before the
// first Read. On a plain connection it changes nothing.
func (c *Conn) AcceptFIN() { c.raw.legacyEOF = true }
