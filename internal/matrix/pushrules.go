package matrix

import (
	"net/http"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/id"
)

// pushRules: GET /pushrules/ ("Push Rules: API").
func (f *Face) pushRules(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return reply(w, rulesOf(you.Person))
}

// globalPushRules: GET /pushrules/global/ ("Push Rules: API").
func (f *Face) globalPushRules(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return reply(w, rulesOf(you.Person)["global"])
}

type (
	condition = fields
	action    = any
)

// rulesOf returns the server-default rules, by which a client decides for itself what to draw attention to (Matrix
// client-server API, "Predefined Rules"). What the service user says are notices, for which no rule notifies.
func rulesOf(who id.Person) fields {
	match := func(key, pattern string) condition {
		return condition{"kind": "event_match", "key": key, "pattern": pattern}
	}
	is := func(key string, value any) condition {
		return condition{"kind": "event_property_is", "key": key, "value": value}
	}
	rule := func(name string, conditions []condition, actions ...action) fields {
		if actions == nil {
			actions = []action{}
		}
		return fields{"rule_id": ".m.rule." + name, "default": true, "enabled": true, "conditions": conditions, "actions": actions}
	}
	const notify = "notify"
	sound := func(value string) action { return fields{"set_tweak": "sound", "value": value} }
	highlight := fields{"set_tweak": "highlight"}
	may := condition{"kind": "sender_notification_permission", "key": "room"}
	pair := condition{"kind": "room_member_count", "is": "2"}

	master := rule("master", []condition{})
	master["enabled"] = false
	name := rule("contains_user_name", nil, notify, sound("default"), highlight)
	delete(name, "conditions")
	name["pattern"] = who.Localpart()

	return fields{"global": fields{
		"override": []fields{
			master,
			rule("suppress_notices", []condition{match("content.msgtype", "m.notice")}),
			rule("invite_for_me", []condition{match("type", "m.room.member"), match("content.membership", "invite"), match("state_key", string(who))},
				notify, sound("default")),
			rule("member_event", []condition{match("type", "m.room.member")}),
			rule("is_user_mention", []condition{{"kind": "event_property_contains", "key": `content.m\.mentions.user_ids`, "value": string(who)}},
				notify, sound("default"), highlight),
			rule("contains_display_name", []condition{{"kind": "contains_display_name"}}, notify, sound("default"), highlight),
			rule("is_room_mention", []condition{is(`content.m\.mentions.room`, true), may}, notify, highlight),
			rule("roomnotif", []condition{match("content.body", "@room"), may}, notify, highlight),
			rule("tombstone", []condition{match("type", "m.room.tombstone"), match("state_key", "")}, notify, highlight),
			rule("reaction", []condition{match("type", "m.reaction")}),
			rule("room.server_acl", []condition{match("type", "m.room.server_acl"), match("state_key", "")}),
			rule("suppress_edits", []condition{is(`content.m\.relates_to.rel_type`, "m.replace")}),
		},
		"content": []fields{name},
		"room":    []fields{},
		"sender":  []fields{},
		"underride": []fields{
			rule("call", []condition{match("type", "m.call.invite")}, notify, sound("ring")),
			rule("encrypted_room_one_to_one", []condition{pair, match("type", "m.room.encrypted")}, notify, sound("default")),
			rule("room_one_to_one", []condition{pair, match("type", "m.room.message")}, notify, sound("default")),
			rule("message", []condition{match("type", "m.room.message")}, notify),
			rule("encrypted", []condition{match("type", "m.room.encrypted")}, notify),
		},
	}}
}
