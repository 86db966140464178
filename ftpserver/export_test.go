package ftpserver

// SetTicketKeys replaces the keys of TLS tickets, as crypto/tls does with its own
// every day: the first seals, all of them open.
func SetTicketKeys(s *Server, keys [][32]byte) { s.sealer.SetSessionTicketKeys(keys) }
