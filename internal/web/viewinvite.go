package web

// InvitationPage is /chat/{conversation} for somebody who has been invited and has not joined. Page "invitation".
type InvitationPage struct {
	Frame
	Room   string // room ID
	Name   string
	By     string // who invites
	People int    // who is in it
}
