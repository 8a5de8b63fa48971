package matrix

import (
	"maps"
	"slices"
)

// Routes lists what Handler answers, for the test of index.txt.
func Routes() []string { return slices.Sorted(maps.Keys(new(Face).routes())) }

// What is fuzzed by itself.
var (
	Matches    = matches
	ParseToken = parseToken
	TokenAt    = tokenAt
)
