package password_test

import (
	"fmt"

	"github.com/sealane/sealane/auth/password"
)

// The hash is what is kept; the password is only shown to its owner.
func Example() {
	secret := password.Random()
	hash, err := password.Hash(secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(hash[:len("$argon2id$v=19$m=19456,t=2,p=1$")])

	right, err := password.Verify(hash, secret)
	fmt.Println(right, err)
	right, err = password.Verify(hash, "secret")
	fmt.Println(right, err)
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1$
	// true <nil>
	// false <nil>
}
