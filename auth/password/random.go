package password

import "crypto/rand"

// letters are 32 characters that nobody misreads for another, that need no
// shift key, and that mean nothing to a shell, in a URL or in a netrc file.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

// Random makes a password of 100 random bits, written as four groups of five
// characters: "xk4vp-9wm2t-...".
func Random() string {
	const groups, size = 4, 5
	raw := make([]byte, groups*size)
	rand.Read(raw) // never fails: crypto/rand ends the program instead
	var out []byte
	for i, b := range raw {
		if i > 0 && i%size == 0 {
			out = append(out, '-')
		}
		out = append(out, letters[b%32]) // 256 is a multiple of 32: no character is likelier
	}
	return string(out)
}
