package web

// NewChatPage is /chat/new. Page "new-chat".
type NewChatPage struct {
	Frame
	Query    string
	Chosen   []Person // ticked so far
	Found    []Person // what the query found, without those chosen
	Name     string
	Policy   string // "History is off. Sessions end after 60 quiet minutes. What is not kept in a note is deleted."
	Problems Problems
}

// MembersPage is /chat/{conversation}/people. Page "members".
type MembersPage struct {
	Frame
	Conversation Conversation
	Members      []Person
	CanAdd       bool // this person may add people
	CanLeave     bool
	Query        string
	Found        []Person // people who can be added
	Problems     Problems
}

// DirectoryPage is /people. Page "people".
type DirectoryPage struct {
	Frame
	Query  string
	People []Person
	Total  int // that match; People may be the first of them
}

// SignInPage is /sign-in. Page "sign-in".
type SignInPage struct {
	Frame
	Username string // kept after a refusal
	Next     string // where to go afterwards, a path of ours
	Notice   string // "You have signed out. Your sessions carry on without you."
	Local    bool   // local accounts are on: show user name and password
	WorkURL  string // the address of single sign-on, or ""
	Problems Problems
}

// SettingsPage is /settings. Page "settings".
type SettingsPage struct {
	Frame
	Appearance string // "system", "light" or "dark"
	Saved      bool
}

// HelpPage is /help and /help/keyboard. Pages "help" and "keyboard".
type HelpPage struct {
	Frame
}

// ErrorPage is the answer to a request that failed. Page "error".
type ErrorPage struct {
	Frame
	Status  int
	Heading string // "Page not found"
	Words   string // what happened and what to do next
	Next    []Link // at least one
}

// FindPage is /find. Page "find"; fragment "found" is its results, for the box that Ctrl K opens.
type FindPage struct {
	Frame
	Query  string
	Groups []FindGroup // conversations, people, notes: at most 5 groups
}

// FindGroup is one kind of result.
type FindGroup struct {
	Name  string // "Conversations"
	Links []Link
}
