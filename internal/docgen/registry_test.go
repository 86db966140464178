package main

import "testing"

// Sealane knows each entry of the registry. What it does not do it
// answers with 502, and of the mandatory commands only that by policy.
func TestRegistry(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range registry() {
		if seen[r.name] {
			t.Errorf("%s is in the registry twice", r.name)
		}
		seen[r.name] = true
		switch answer := r.answer(); {
		case answer == notThere:
			t.Errorf("%s is answered with 500", r.name)
		case r.need == mandatory && answer != asAbove:
			t.Errorf("%s is mandatory, and answered with %s", r.name, answer)
		}
	}
}
