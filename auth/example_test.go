package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/sealane/sealane/auth"
)

// A Login is a function, so a rule is a function around it: here, one that lets
// an account in only from a certain network.
func ExampleLogin() {
	office := netip.MustParsePrefix("192.0.2.0/24")
	login := onlyFrom(office, everybody)

	for _, remote := range []string{"192.0.2.7:50000", "203.0.113.9:50000"} {
		grant, err := login(context.Background(), auth.Credentials{
			User: "anna", Password: "secret", Remote: netip.MustParseAddrPort(remote),
		})
		if errors.Is(err, auth.ErrDenied) {
			fmt.Println(remote, err)
			continue
		}
		fmt.Println(remote, "is", grant.Account)
	}
	// Output:
	// 192.0.2.7:50000 is anna
	// 203.0.113.9:50000 login denied: not from this network
}

// onlyFrom asks next only for peers in net.
func onlyFrom(net netip.Prefix, next auth.Login) auth.Login {
	return func(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
		if !net.Contains(c.Remote.Addr().Unmap()) {
			return nil, fmt.Errorf("%w: not from this network", auth.ErrDenied)
		}
		return next(ctx, c)
	}
}

// everybody stands for a real Login, such as that of package auth/password,
// whose Grant also names a tree of files.
func everybody(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
	return &auth.Grant{Account: c.User}, nil
}
