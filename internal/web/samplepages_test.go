package web_test

import . "winnow.org/winnow/internal/web"

// sample is one page with invented data.
type sample struct {
	name, page string
	data       any
}

// samples are all pages, several in more than one state. They serve the tests and the preview.
func samples(f *fake) []sample {
	counted := Dock{State: "ending", Minutes: 8, EndsAt: 1794308820000, Now: 1794308820000 - 8*60000, Ends: "11:07am", Marked: 3}
	bare := counted
	bare.Marked = 0
	held := conversation(f)
	held.Banner = Banner{Kind: "hold", Heading: "Disposal is on hold here", Text: "Messages are kept when sessions end, because of preservation notice H-2026-011. Use chat as normal.", Link: Link{"What this means for you", "/records/holds/H-2026-011"}}
	held.Panel.Session.Held = "H-2026-011"
	direct := conversation(f)
	direct.Conversation = Conversation{Avatar: Avatar{Initials: "PR", Colour: 2, Presence: "on"}, ID: "!priya", Name: "Priya Raman", Direct: true, Role: "Private secretary", Presence: "Here", People: 2, Marking: "OFFICIAL", Outsiders: true}
	reply := conversation(f)
	reply.Composer.Reply = &Reply{ID: "$7q4k2mxd-4", Name: "Idris Vale", Text: f.slot("Good. Can the lines say “up to £400,000”?")}
	edit := conversation(f)
	edit.Composer.Edit, edit.Composer.Text = "$7q4k2mxd-2", f.slot("Raising the cap to £400,000 costs £3.2 million more over 2 years.")
	closing := ending(f, Dock{State: "closing"})
	closing.Composer.Locked = "Ending session"
	empty := past(f)
	empty.Past = Past{Conversation: harbour}
	m := entries(f)[4].Message
	mine := said(f, "9", amara, "9:40am", "I will write it up before this session ends.")
	mine.CanEdit = true
	wrong := sheet(f, "write")
	wrong.Title = ""
	wrong.Problems = Problems{{"title", "Enter a title"}}
	wrong.Notice = "Rhys filed a note with 3 of these messages. You can still file yours."
	found := []Person{still(priya), still(sian), still(dougal)}
	you := amara
	you.You = true
	return []sample{
		{"sign-in", "sign-in", SignInPage{Frame: public("Sign in", ""), Local: true}},
		{"sign-in-error", "sign-in", SignInPage{Frame: public("Error: Sign in", ""), Local: true, Username: "amara", Problems: Problems{{"username", "The user name or the password is not right. Try again, or ask the service desk"}}}},
		{"chat", "chat", ChatPage{Frame: staff("Chat", "chat"), List: list(f, "", "Rhys is typing")}},
		{"chat-empty", "chat", ChatPage{Frame: staff("Chat", "chat")}},
		{"conversation", "conversation", conversation(f)},
		{"conversation-direct", "conversation", direct},
		{"conversation-held", "conversation", held},
		{"conversation-reply", "conversation", reply},
		{"conversation-edit", "conversation", edit},
		{"ending", "conversation", ending(f, counted)},
		{"ending-bare", "conversation", ending(f, bare)},
		{"writing", "conversation", ending(f, Dock{State: "writing", Writer: "Amara", Until: "11:59am", Marked: 3})},
		{"filed", "conversation", ending(f, Dock{State: "filed", Minutes: 8, EndsAt: counted.EndsAt, Now: counted.Now, Ends: "11:14am", Note: NoteLink{"N-2026-0417", "Round 2 › Decisions"}})},
		{"waiting", "conversation", ending(f, Dock{State: "waiting", Awaited: "private office"})},
		{"closing", "conversation", closing},
		{"past", "conversation", past(f)},
		{"past-none", "conversation", empty},
		{"message-actions", "message-actions", MessagePage{Frame: staff("Actions for this message - Harbour resilience fund", "chat"), Conversation: harbourFund(), Message: *m, ReadBy: "Read by 5 of 7", Readers: []Person{rhys, priya}}},
		{"message-actions-mine", "message-actions", MessagePage{Frame: staff("Actions for this message - Harbour resilience fund", "chat"), Conversation: harbourFund(), Message: mine}},
		{"end-choose", "end", EndPage{Frame: staff("What belongs on the record? - Harbour resilience fund", "chat"), Sheet: sheet(f, "choose")}},
		{"end-write", "end", EndPage{Frame: staff("What belongs on the record? - Harbour resilience fund", "chat"), Sheet: sheet(f, "write")}},
		{"end-error", "end", EndPage{Frame: staff("Error: What belongs on the record?", "chat"), Sheet: wrong}},
		{"new-chat", "new-chat", NewChatPage{Frame: staff("New chat", "chat"), Query: "p", Chosen: []Person{{Avatar: rhys.Avatar, ID: rhys.ID, Name: rhys.Name, Role: rhys.Role, Unit: "Harbours", Chosen: true}}, Found: found, Policy: "History is off. Sessions end after 60 quiet minutes, and what is not kept in a note is deleted."}},
		{"members", "members", MembersPage{Frame: staff("People - Harbour resilience fund", "chat"), Conversation: harbourFund(), Members: []Person{you, rhys, priya, idris, marek, sian}, CanAdd: true, CanLeave: true, Query: "d", Found: []Person{still(dougal), {Avatar: Avatar{Initials: "SP", Colour: 3}, ID: "@sam:outside.example", Name: "Sam Penrose", Role: "Harbour master", Outside: true}}}},
		{"people", "people", DirectoryPage{Frame: staff("People", "people"), People: []Person{you, beth, dougal, rhys, priya, idris, marek, sian}, Total: 214}},
		{"find", "find", FindPage{Frame: staff("Find", ""), Query: "harb", Groups: []FindGroup{{"Conversations", []Link{{"Harbour resilience fund, round 2", "/chat/1"}, {"Harbours team", "/chat/2"}}}, {"People", []Link{{"Beth Halloran, Grants lead", "/chat/new?person=x"}}}}}},
		{"notes", "notes", NotesPage{Frame: staff("Notes", "notes"), Total: 2, Query: "small harbour cap", Missing: "63 other sessions match these dates and people. They ended with nothing more to keep, so their messages no longer exist.", Notes: []NoteRow{
			{Ref: "N-2026-0417", Title: "Small-harbour cap raised to £400,000", Quote: "She is content to raise the small-harbour cap to £400,000, subject to Treasury agreement.", Where: "Round 2 › Decisions", Filed: "10 November 2026", By: "Amara Nwosu", Tags: []Tag{{"hold", "On hold"}}},
			{Ref: "N-2026-0388", Title: "Marked messages from a session on 22 September", Where: "Round 2 › Decisions", Filed: "22 September 2026", By: "Filed automatically", Tags: []Tag{{"error", "Needs review"}}}}}},
		{"note", "note", sampleNote()},
		{"certificates", "certificates", CertificatesPage{Frame: public("Certificates", "certificates"), Rows: []CertificateRow{{"DC-2026-018232", "10 November 2026, 11:14am", Tag{"success", "Note filed"}, 38, 4, 34}, {"DC-2026-018231", "10 November 2026, 10:50am", Tag{"", "Nothing for the record"}, 12, 0, 12}}, Older: "?before=1"}},
		{"certificate", "certificate", sampleCertificate()},
		{"transparency", "transparency", sampleTransparency()},
		{"transparency-first", "transparency", TransparencyPage{Frame: public("How we use chat", "transparency"), Month: "November 2026", SoFar: "November so far, to 22 November", Policy: 1, Rules: sampleTransparency().Rules, Log: Verdict{State: "failed", Heading: "Our log could not be checked", Words: "Since today, 6:00am", Checks: []Check{{"failed", "1 of 3 witnesses does not agree", "Keep a copy of this page"}, {"unknown", "Certificates match sessions", ""}}}, Command: "winnow audit log.dcw.example", LogURL: "/log/checkpoint"}},
		{"policy", "policy", PolicyPage{Frame: public("Policy version 4", "transparency"), Version: 4, Since: "5 October 2026", Rules: sampleTransparency().Rules, Lead: "Longest session cut from 12 hours to 10."}},
		{"error", "error", ErrorPage{Frame: staff("Page not found", ""), Status: 410, Heading: "This message no longer exists", Words: "Its session ended on 9 November.", Next: []Link{{"See the certificate", "/certificates/DC-2026-018232"}, {"Go to chat", "/chat"}}}},
		{"error-public", "error", ErrorPage{Frame: public("Page not found", ""), Status: 404, Heading: "Page not found", Words: "If you typed the address, check it is right.", Next: []Link{{"How we use chat", "/transparency"}}}},
		{"settings", "settings", SettingsPage{Frame: staff("Settings", "settings"), Appearance: "system", Saved: true}},
		{"help", "help", HelpPage{Frame: staff("What belongs on the record? - Help", "")}},
		{"keyboard", "keyboard", HelpPage{Frame: staff("Keyboard - Help", "")}},
	}
}

func sampleNote() NotePage {
	return NotePage{Frame: staff("Small-harbour cap raised to £400,000 - Notes", "notes"), Ref: "N-2026-0417", Heading: "Small-harbour cap raised to £400,000", Filed: "10 November 2026, 11:06am", Marking: "OFFICIAL", JustFiled: true, Conversation: harbour,
		Summary:   "The Minister agreed to raise the round 2 small-harbour cap to £400,000, subject to Treasury agreement. Cost: £3.2 million over 2 years, met by moving the second dredging call to April 2027.",
		DecidedBy: "Minister for Coasts", Authority: "Round 2 submission, 3 November", Actions: []NoteAction{{"Clear the cap with Treasury", "Dougal Innes", "Thursday"}},
		Quotes: []NoteQuote{
			{"Amara Nwosu", "Senior policy adviser", "9:11am", "Raising the cap to £400,000 costs £3.2 million more over 2 years.", "Exactly as sent", "passed", "4 messages left out"},
			{"Priya Raman", "Private secretary", "9:24am", "The Minister has read the draft. She is content to raise the small-harbour cap to £400,000, subject to Treasury agreement.", "Exactly as sent", "passed", "1 message left out"},
			{"Sam Penrose", "", "9:40am", "Fine by us.", "Imported from WhatsApp by Priya Raman, not verified", "unknown", ""}},
		Facts: []Fact{{Name: "Session", Words: "10 November 2026, 9:02am to 11:14am. 38 messages: 4 kept here, 34 deleted."}, {Name: "People", Words: "Dougal Innes, Beth Halloran, Amara Nwosu, Rhys Pembrey"}, {Name: "Written by", Words: "Amara Nwosu, Senior policy adviser"}},
		Where: "Shared drive › Resilience fund › Round 2 › Decisions", WhereURL: "https://drive.dcw.example/decisions", Delivery: "Saved in Winnow, waiting to be saved to the drive", Certificate: "DC-2026-018232",
		Downloads: []Link{{"Download as Word document", "/notes/N-2026-0417.docx"}, {"Email it", "/notes/N-2026-0417.eml"}},
		Verdict:   Verdict{State: "passed", Heading: "Checked", Words: "All 4 quotes match messages sent in this session. The note’s fingerprint is entry 18,231 in our public log."},
		History:   []Moment{{Words: "Filed by Amara Nwosu", Detail: "10 November 2026, 11:06am"}, {Words: "Emailed to the private office mailbox", Detail: "11:06am"}}, CanCorrect: true,
		Corrections: []Correction{{"N-2026-0417/2", "12 November 2026", "Amara Nwosu", "The cost is £3.1 million."}}}
}

func sampleCertificate() CertificatePage {
	return CertificatePage{Frame: public("DC-2026-018232 - Certificates", "certificates"), Ref: "DC-2026-018232", Lead: "A chat session ended and its messages were deleted, apart from those kept in a note for the record.", Sent: 38, Kept: 4, Deleted: 34,
		Facts:   []Fact{{Name: "Session", Words: "S-7Q4K-2MXD"}, {Name: "Started and ended", Words: "10 November 2026, 9:02am to 11:14am"}, {Name: "People, by role", Words: "1 private secretary, 1 special adviser, 1 deputy director, 5 other staff"}, {Name: "Notes filed", Words: "1, fingerprint in log entry 18,231"}, {Name: "Asked what to keep", Words: "8 people: 1 filed a note, 6 had nothing to add, 1 did not answer"}, {Name: "Holds", Words: "None in force for this session at 11:14am"}, {Name: "Deleted", Words: "11:15am, by destroying the session’s keys and stored messages"}, {Name: "Policy", Words: "In force since 5 October 2026.", Link: Link{"Version 4", "/transparency/policy/4"}}},
		Limits:  "We cannot know about copies on screens, in screenshots or in other programs.",
		Verdict: Verdict{State: "passed", Heading: "Checked by this server", Words: "5 of 5 checks passed, 10 November 2026, 11:58am", Checks: []Check{{"passed", "Signed by this department", "Key dcw-2026-b, valid at 11:15am"}, {"passed", "In the public log", "Entry 18,232 of 18,240"}, {"passed", "The log has only grown", "Nothing removed or changed since the day before"}, {"passed", "Seen by independent witnesses", "3 of 3 signed the same log"}, {"passed", "The numbers add up", "38 sent = 4 kept + 34 deleted"}}},
		Command: "winnow verify DC-2026-018232", JSON: "/certificates/DC-2026-018232.json"}
}

func sampleTransparency() TransparencyPage {
	return TransparencyPage{Frame: public("How we use chat", "transparency"), Month: "October 2026", Earlier: []Link{{"September", "/transparency/2026-09"}}, CSV: "/transparency/2026-10.csv",
		Figures: Figures{Sessions: 1482, Noted: 389, Held: 15, Certificates: 1467, Kept: 2318, Deleted: 57104, HeldMessages: 1818},
		Months:  []MonthFigures{{"Apr", 38, 140, 34, 0}, {"May", 92, 338, 61, 7}, {"Jun", 168, 548, 78, 9}, {"Jul", 231, 690, 84, 9}, {"Aug", 196, 602, 66, 8}, {"Sep", 329, 866, 88, 14}, {"Oct", 389, 986, 92, 15}},
		Groups:  []GroupFigures{{"Minister’s private office", 214, 132, false}, {"Special advisers", 96, 51, false}, {"Senior civil servants", 417, 167, false}, {"All other staff", 1065, 170, false}, {"Outside the organisation", 3, 0, true}},
		Rules:   []Fact{{Name: "A session ends", Words: "After 60 minutes with no messages, or after 10 hours"}, {Name: "Before it ends", Words: "Everyone is asked what belongs on the record, at least 15 minutes before"}, {Name: "Marked messages", Words: "Always kept in a note, even if nobody answers"}, {Name: "Everything else", Words: "Deleted within 5 minutes. A certificate is published"}, {Name: "Holds", Words: "Deletion stops for anything needed for an information request, inquiry or court case"}, {Name: "Notes", Words: "Kept for 20 years, then reviewed for the archive"}},
		Policy:  4, Versions: []Moment{{"Version 4", "5 October 2026", "Longest session cut from 12 hours to 10"}, {"Version 3", "1 September 2026", "Marked messages are always kept, even if nobody answers"}, {"Version 1", "1 April 2026", "First policy, 3 teams"}},
		HoldsOn: "31 October 2026", Holds: []HoldRow{{"H-2026-011", "Independent review", "22 October 2026", 4}, {"H-2026-012", "Information request", "28 October 2026", 3}},
		Log:     Verdict{State: "passed", Heading: "Our log is complete", Words: "Checked today, 6:00am", Checks: []Check{{"passed", "18,240 entries, none removed", "Last entry 8 minutes ago"}, {"passed", "3 of 3 witnesses agree", "A university, a newspaper and a charity"}, {"passed", "Certificates match sessions", "1,482 ended = 1,467 certificates + 15 on hold"}}},
		Command: "winnow audit log.dcw.example", LogURL: "/log/checkpoint", Requests: "31 received in October. 12 replies included notes from chat."}
}
