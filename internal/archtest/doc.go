// Package archtest holds the floor plan of the module: who may import whom, and
// a few house rules that a compiler does not know. Its test reads every Go file
// of the module, for all systems and build tags at once, and names the rule and
// the line of everything that breaks one.
//
// To change the plan, edit rules.go and the table of ARCHITECTURE.md with it.
package archtest
