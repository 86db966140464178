package daemon

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
)

// loadHosts makes the virtual hosts, with their certificates.
func loadHosts(list []config.Host, ring *keyring) ([]ftpserver.Host, error) {
	var out []ftpserver.Host
	for _, h := range list {
		host := ftpserver.Host{Names: h.Names, Greeting: h.Greeting}
		if h.Cert != "" {
			s, err := ring.add(h.Cert, h.Key, "")
			if err != nil {
				return nil, pairError(err, "give a matching pair in PEM as cert and key of that host", "cannot use the certificate of the host "+h.Names[0])
			}
			host.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return choose(hello, s), nil }
		}
		out = append(out, host)
	}
	return out, nil
}

// elsewhere denies an account that belongs to one host and logs in at another. The
// client cannot tell that from a wrong password.
func (d *daemon) elsewhere(belongs, here string) error {
	if belongs == "" {
		return nil
	}
	if h := d.config.HostOf(belongs); h != nil && h.Names[0] == here {
		return nil
	}
	return fmt.Errorf("%w: %w", auth.ErrDenied, errOtherHost)
}

var errOtherHost = errors.New("the account is for another host")
