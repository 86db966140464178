package vfs_test

import (
	"fmt"

	"github.com/sealane/sealane/vfs"
)

func Example() {
	home, err := vfs.Clean("/home/ann")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, typed := range []string{"notes.txt", "../bob", "/etc", "../../../../etc", "a\r\nDELE b"} {
		p, err := home.Join(typed)
		if err != nil {
			fmt.Printf("%q: %v\n", typed, err)
			continue
		}
		fmt.Printf("%q: %s, in home: %v\n", typed, p, home.Contains(p))
	}
	// Output:
	// "notes.txt": /home/ann/notes.txt, in home: true
	// "../bob": /home/bob, in home: false
	// "/etc": /etc, in home: false
	// "../../../../etc": /etc, in home: false
	// "a\r\nDELE b": name not allowed
}
