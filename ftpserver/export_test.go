package ftpserver

// SetTicketKeys replaces the keys of TLS tickets, as crypto/tls does with its own
// every day: the first seals, all of them open.
func SetTicketKeys(s *Server, keys [][32]byte) { s.sealer.SetSessionTicketKeys(keys) }

// Mixed counts the clients of which is known that their data connections resume at
// times only, and those that a rival was seen with.
func Mixed(s *Server) (mixed, rivals int) {
	s.habits.mu.Lock()
	defer s.habits.mu.Unlock()
	for _, n := range s.habits.seen {
		switch n.waits {
		case mixedAfter:
			mixed++
		case contested:
			rivals++
		}
	}
	return mixed, rivals
}
