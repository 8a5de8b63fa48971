package content

// Scan is what the server must know of a message event's content. The slices are parts of the document that was
// scanned. Those that hold text are interiors of JSON strings, still escaped; nil when the member is absent
// or not of the type that the specification says.
type Scan struct {
	Body       []byte // body
	MsgType    []byte // msgtype
	RelType    []byte // m.relates_to, rel_type
	RelEvent   []byte // m.relates_to, event_id
	RelKey     []byte // m.relates_to, key: of a reaction
	ReplyTo    []byte // m.relates_to, m.in_reply_to, event_id
	NewContent []byte // m.new_content: the raw object that replaces the content
	NewBody    []byte // body in m.new_content
	Reason     []byte // reason: of a redaction

	Mentions     [][]byte // m.mentions, user_ids: the first MaxMentions
	MentionsRoom bool     // m.mentions, room
}

// ScanEvent checks and reads the content of a message event (Matrix client-server API, "Instant messaging", "Event
// replacements", "Rich replies", "User and room mentions"). raw must be one JSON object in UTF-8, at most MaxDepth deep,
// with whole numbers in ±(2^53-1) only, and without a member twice, at the top and in those objects that Scan looks into.
// The error is one of this package's fixed values; the Scan is then empty.
func ScanEvent(raw []byte) (Scan, error) {
	var c Scan
	err := Object(raw, func(key, value []byte) error {
		switch {
		case Equal(key, "body"):
			c.Body = interior(value)
		case Equal(key, "msgtype"):
			c.MsgType = interior(value)
		case Equal(key, "reason"):
			c.Reason = interior(value)
		case Equal(key, "m.relates_to"):
			return members(value, c.relation)
		case Equal(key, "m.mentions"):
			return members(value, c.mention)
		case Equal(key, "m.new_content"):
			if value[0] == '{' {
				c.NewContent = value
			}
			return members(value, func(key, value []byte) error {
				if Equal(key, "body") {
					c.NewBody = interior(value)
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return Scan{}, err
	}
	return c, nil
}

// members is Object for a nested value that need not be an object.
func members(value []byte, f func(key, value []byte) error) error {
	if value[0] != '{' {
		return nil
	}
	return Object(value, f)
}

func (c *Scan) relation(key, value []byte) error {
	switch {
	case Equal(key, "rel_type"):
		c.RelType = interior(value)
	case Equal(key, "event_id"):
		c.RelEvent = interior(value)
	case Equal(key, "key"):
		c.RelKey = interior(value)
	case Equal(key, "m.in_reply_to"):
		return members(value, func(key, value []byte) error {
			if Equal(key, "event_id") {
				c.ReplyTo = interior(value)
			}
			return nil
		})
	}
	return nil
}

func (c *Scan) mention(key, value []byte) error {
	switch {
	case Equal(key, "room"):
		c.MentionsRoom = value[0] == 't'
	case Equal(key, "user_ids") && value[0] == '[':
		s := scanner{in: value, pos: 1}
		for more := !s.take(']'); more; {
			item, err := s.raw(MaxDepth)
			if err != nil {
				return err
			}
			if id := interior(item); id != nil && len(c.Mentions) < MaxMentions {
				c.Mentions = append(c.Mentions, id)
			}
			if more, err = s.more(']'); err != nil {
				return err
			}
		}
	}
	return nil
}
