package drive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow.org/winnow/internal/fault"
)

const (
	maxName   = 240 // bytes; file systems stop at 255
	maxFolder = 1000
)

// Safe checks a folder and a file name: they must mean the same on Linux, macOS, Windows, SharePoint and in a person's eyes, and
// must not lead out of the drive. An empty name checks the folder alone. The error is fault.Invalid and says what is wrong.
func Safe(folder, name string) error {
	if len(folder) > maxFolder {
		return fault.New(fault.Invalid, "The folder's path is too long. Use at most %d letters", maxFolder)
	}
	if folder != "" {
		for part := range strings.SplitSeq(folder, "/") {
			if wrong := unsafe(part); wrong != "" {
				return fault.New(fault.Invalid, "The folder's path cannot be used: %s", wrong)
			}
		}
	}
	if name != "" {
		if wrong := unsafe(name); wrong != "" {
			return fault.New(fault.Invalid, "The file's name cannot be used: %s", wrong)
		}
	}
	return nil
}

// unsafe says what is wrong with one part of a path, or nothing.
func unsafe(part string) string {
	switch {
	case part == "":
		return "a part of it is empty"
	case len(part) > maxName:
		return "a part of it is too long"
	case !utf8.ValidString(part):
		return "it is not text"
	case strings.ContainsAny(part, `<>:"/\|?*`):
		return `it has one of the characters < > : " / \ | ? *`
	case strings.ContainsFunc(part, invisible):
		return "it has a character that cannot be seen"
	case strings.HasPrefix(part, ".") || strings.HasSuffix(part, "."):
		return "a part of it begins or ends with a full stop"
	case strings.TrimSpace(part) != part:
		return "a part of it begins or ends with a space"
	case reserved(part):
		return "Windows keeps a part of it for devices"
	}
	return ""
}

// invisible is true for control characters, and for marks that turn the reading direction, which can make a name look
// like another one.
func invisible(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// reserved knows the names in "Naming Files, Paths, and Namespaces" of the Windows documentation; an extension does not help.
func reserved(part string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(part), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, device := range []string{"COM", "LPT"} {
		if n, ok := strings.CutPrefix(base, device); ok && utf8.RuneCountInString(n) == 1 && strings.Contains("0123456789¹²³", n) {
			return true
		}
	}
	return false
}
