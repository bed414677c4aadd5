package conformance

import "strings"

// invalidKeys are refused by every store.
func invalidKeys() []string {
	return []string{
		"", "/", "//", ".", "..", "../escape.json", "a/../../escape.json", "a/..", "a/.", "./a", "a/./b", "a/../b",
		"/absolute.json", "trailing/", "double//slash.json",
		"nul\x00.json", "line\nbreak.json", "tab\t.json", "escape\x1b.json", "delete\x7f.json", "next\u0085line.json", "c1\u009f.json",
		"not utf-8 \xff.json", "cut \xe2\x82.json", "surrogate \xed\xa0\x80.json", "overlong \xc0\xaf.json",
		strings.Repeat("s", 256), strings.Repeat("s", 256) + "/a.json", "a/" + strings.Repeat("é", 128),
		strings.Repeat("long/", 205), strings.Repeat("long/", 204) + "12345",
	}
}

// weirdKeys are valid, different from each other, and each a trap: for file
// systems that fold case or Unicode forms, for URLs and their escapes, for
// names that an adapter may use itself, and for the order of listings.
func weirdKeys() []string {
	all := []string{
		// Letter case and Unicode forms: NFC and NFD, ligatures, sharp s.
		"case/a.json", "case/A.json", "case/ß.json", "case/ss.json", "case/SS.json", "case/ı.json", "case/i.json", "case/I.json",
		"form/\u00e9.json", "form/e\u0301.json", "form/\ufb01.json", "form/fi.json", "form/\u212b.json", "form/\u00c5.json",
		"script/日本語.json", "script/עברית.json", "script/🙂.json", "script/\u200d.json", "script/\ufeff.json", "script/\u202e.json",
		// What URLs, shells and query strings treat in a special way.
		"url/with space.json", "url/with+plus.json", "url/with%20percent.json", "url/with%2Fslash.json", "url/100%.json", "url/%.json",
		"url/a?b=c&d.json", "url/a#b.json", "url/a;b.json", "url/a:b.json", "url/@.json", "url/=.json", "url/,.json",
		`quote/".json`, "quote/'.json", "quote/`.json", `quote/\.json`, `quote/a\b.json`, `quote/\\`, `quote/..\up.json`, "quote/$HOME", "quote/*", "quote/[a]", "quote/{a}", "quote/<a>", "quote/|",
		" leading space", "trailing space ", " ", "space/ /x.json",
		// Names that a file store or a server may take for its own.
		".sb/x", ".sb/tmp/x.json", ".sb", ".tmp", ".hidden", ".git/config", ".json", "lost+found", "system.json", ".minio.sys/x", "xl.meta", "part.1", ".sgwtmp/x",
		"own/a.json~o", "own/a.json~d", "own/a.json~", "own/~o", "own/~d", "own/~", "own/~7E", "own/a~41", "own/aA", "own/a.json.tmp", "own/a.json.lock", "own/a.json.1", "own/#a#", "own/a.json@v1",
		"CON", "nul", "aux.json", "dots/a.", "dots/a..", "dots/...", "dots/....json", "dots/.a", "dots/..a", "dots/a..b",
		// Order: bytes around the slash, which is 0x2f, and shared prefixes.
		"a", "a/b", "a.json", "a.json/b", "a-", "a-/b", "a.b", "a0", "a0/b", "a/b/c", "a/b.json", "aa", "a/0",
		"ab/c", "ab/cd", "ab/c/d", "ab/c.json", "ab-c", "ab.c", "ab0c", "ab~", "ab!",
	}
	return append(all, longKeys()...)
}

// longKeys are at the limits of a segment and of a key.
func longKeys() []string {
	segment := strings.Repeat("s", 255)
	full := strings.Join([]string{segment, segment, segment, segment[:253]}, "/") // 1,021 bytes
	return []string{
		"long/" + segment, "long/" + segment[:254], "long/" + segment[:250] + ".json", "long/" + strings.Repeat("é", 127) + "s",
		"long/" + strings.Repeat("%", 255), "long/" + strings.Repeat("A", 255), "long/" + strings.Repeat("~", 255),
		full + "/1", full + "/12", full[:len(full)-1] + "t", strings.Repeat("d/", 511) + "ee", strings.Repeat("é/", 341) + "e",
	}
}
