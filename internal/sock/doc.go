// Package sock sets the few socket options that control and data connections
// need and that package net does not have.
package sock
