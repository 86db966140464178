package wire

// The Telnet bytes that RFC 959 and RFC 1123 §4.1.2.12 bring onto the control
// connection (RFC 854).
const (
	telnetSE   = 240
	telnetSB   = 250
	telnetWill = 251
	telnetWont = 252
	telnetDo   = 253
	telnetDont = 254
	telnetIAC  = 255
)

// maxTelnetReply bounds the answers to option offers kept for one line; a peer
// that sends more of them than this gets no answer to the rest.
const maxTelnetReply = 48

// telnet takes Telnet sequences out of a stream of bytes. Options are all
// refused (RFC 1123 §4.1.2.12), IP, DM and the like only mark that a line
// follows, and are dropped.
type telnet struct {
	state  telnetState
	verb   byte
	answer []byte
}

type telnetState uint8

const (
	telnetText   telnetState = iota
	telnetGotIAC             // behind IAC
	telnetOption             // behind IAC WILL, WONT, DO or DONT
	telnetSub                // inside IAC SB … IAC SE
	telnetSubIAC             // behind IAC inside of it
)

// filter takes one byte and appends what is text to line.
func (t *telnet) filter(line []byte, b byte) []byte {
	switch t.state {
	case telnetText:
		if b == telnetIAC {
			t.state = telnetGotIAC
			return line
		}
		return append(line, b)
	case telnetGotIAC:
		t.state = telnetText
		switch {
		case b == telnetIAC:
			return append(line, b)
		case b >= telnetWill:
			t.state, t.verb = telnetOption, b
		case b == telnetSB:
			t.state = telnetSub
		case b < telnetSE:
			// Not Telnet at all: a client that does not double 0xFF in a
			// Latin-1 name. Keep both bytes rather than change the name.
			return append(line, telnetIAC, b)
		}
	case telnetOption:
		t.state = telnetText
		t.refuse(b)
	case telnetSub:
		if b == telnetIAC {
			t.state = telnetSubIAC
		}
	case telnetSubIAC:
		t.state = telnetSub
		if b == telnetSE {
			t.state = telnetText
		}
	}
	return line
}

func (t *telnet) refuse(option byte) {
	if len(t.answer)+3 > maxTelnetReply {
		return
	}
	switch t.verb {
	case telnetDo:
		t.answer = append(t.answer, telnetIAC, telnetWont, option)
	case telnetWill:
		t.answer = append(t.answer, telnetIAC, telnetDont, option)
	}
}

// appendEscaped appends s with every IAC doubled (RFC 3659 §2.2).
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == telnetIAC {
			b = append(b, telnetIAC)
		}
		b = append(b, s[i])
	}
	return b
}
