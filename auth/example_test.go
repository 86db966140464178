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

// A Grant can treat one account otherwise than the server treats all: here, a scanner
// that cannot end its uploads as TLS demands, and a partner whose data connections
// must prove that they are its own.
func ExampleGrant() {
	policies := map[string]auth.DataPolicy{
		"scanner": {LegacyEOF: true},
		"partner": {Resumption: auth.ResumptionRequire},
	}
	login := func(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
		grant, err := everybody(ctx, c)
		if err == nil {
			grant.Data = policies[grant.Account]
		}
		return grant, err
	}
	for _, user := range []string{"anna", "scanner", "partner"} {
		grant, err := login(context.Background(), auth.Credentials{User: user})
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(user, grant.Data.LegacyEOF, grant.Data.Resumption == auth.ResumptionRequire)
	}
	// Output:
	// anna false false
	// scanner true false
	// partner false true
}

// everybody stands for a real Login, such as that of package auth/password,
// whose Grant also names a tree of files.
func everybody(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
	return &auth.Grant{Account: c.User}, nil
}
