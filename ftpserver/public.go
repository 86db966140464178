package ftpserver

import "net/netip"

// passiveAddress is the address that PASV names: the one that the policy announces
// to this client, else the one that the client knows the server by.
func (s *session) passiveAddress() netip.Addr {
	local, client := s.local.Addr(), s.remote.Addr()
	if announce := s.srv.Data.PublicAddress; announce != nil {
		if public := announce(local.WithZone(""), client.WithZone("")).Unmap(); public.IsValid() {
			return public
		}
	}
	return local
}
