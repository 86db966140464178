package main

import (
	"strings"

	"github.com/sealane/sealane/internal/config"
)

// settings is what "sealane config describe" prints.
func settings() string {
	var b strings.Builder
	_ = config.WriteExample(&b) // a Builder takes all
	return b.String()
}
