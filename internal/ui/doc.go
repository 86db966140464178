// Package ui is how the commands write to people and to machines: text made
// harmless for a terminal, JSON lines, sizes and rates, and what is under way.
package ui
