package store_test

import (
	"fmt"

	"github.com/sealane/sealane/auth/store"
)

// What an account does not set comes from its group.
func Example() {
	group := store.Group{Name: "partners", Settings: store.Settings{
		Dir: new("/srv/partners"), QuotaBytes: new(int64(10 << 30)), ReadOnly: new(true),
	}}
	anna := store.Account{Name: "anna", Group: "partners", Settings: store.Settings{ReadOnly: new(false)}}

	account := anna.Describe(group)
	fmt.Println(account.Storage.Dir, account.Storage.QuotaBytes, account.Storage.ReadOnly)
	// Output:
	// /srv/partners 10737418240 false
}
