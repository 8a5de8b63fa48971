// Package deps is the drawing of which package may import which, with reasons, and the test that keeps it true. It is a
// drawing and not a fence: whoever needs a new arrow draws it here in the same change, and says why.
package deps

// Module is the path of this module.
const Module = "winnow.org/winnow/"

// Row is a layer of the house. Its packages import lower rows only.
type Row struct {
	Name     string
	Packages []string // paths below Module
	Why      string
}

// Rows are the layers, the lowest first.
var Rows = []Row{
	{"words", []string{"internal/id", "internal/fault", "internal/harden"}, "what everybody must be able to name; harden runs before anything else"},
	{"promise", []string{"verify"}, "public: strangers check notes and the log with it, so it needs nothing that is internal"},
	{"matter", []string{"internal/policy", "internal/ledger", "internal/account", "internal/vault", "internal/content"}, "each knows one thing, and none knows chat"},
	{"rooms", []string{"internal/room"}, "what lasts of a conversation"},
	{"talk", []string{"internal/session"}, "the only holder of content"},
	{"record", []string{"internal/note", "internal/document"}, "what is kept; a note reaches its documents through an interface of its own"},
	{"listener", []string{"internal/wire"}, "carries message text between the network and locked memory"},
	{"outside", []string{"internal/matrix", "internal/web", "internal/store", "internal/bus", "internal/drive", "internal/config"},
		"faces turn requests into one domain call; edges fill the interfaces that the domain names. They never import each other"},
	{"wiring", []string{"internal/server"}, "sees everything and decides nothing"},
	{"commands", []string{"cmd/winnow"}, "the command line"},
}

// Arrow is one import that the rows do not allow, or that Narrow forbids to others.
type Arrow struct{ From, To, Why string }

// Arrows are the exceptions.
var Arrows = []Arrow{
	{"internal/web", "internal/bus", "a page's event stream waits at the bell; it only rings, so nothing true passes here"},
	{"internal/web", "internal/web/static", "its own embedded files"},
}

// Apart are packages that no row holds: tools and what tests stand on. Nothing of the product imports them but as Arrows say.
var Apart = map[string]string{
	"internal/winnowtest":       "starts real databases for tests",
	"internal/winnowtest/stage": "starts a whole server for tests",
	"internal/deps":             "this drawing",
	"internal/story":            "stories over the whole product",
	"internal/vault/residue":    "looks for text that was left in memory, for tests",
	"internal/web/build":        "builds the page's assets",
	"internal/web/static":       "the assets, embedded",
}

// Narrow are packages that few may import, and why these may.
var Narrow = map[string]map[string]string{
	"internal/wire": {
		"internal/matrix": "a face", "internal/web": "a face", "internal/server": "starts the listener",
	},
	"net/http": {
		"internal/wire": "it is the listener under it", "internal/matrix": "a face", "internal/web": "a face", "internal/web/static": "serves the assets of a face",
		"internal/server": "puts the faces behind one address", "verify": "an audit reads a log over the network", "cmd/winnow": "the audit command's client",
		"internal/winnowtest/stage": "serves a log to the audit",
	},
	"database/sql": {
		"internal/store": "the only place with SQL", "internal/winnowtest": "makes databases for tests",
	},
}
