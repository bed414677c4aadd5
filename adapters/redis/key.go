package redis

import "strings"

// key names a key of the server. The unit says what kind of thing it belongs
// to, and name which one: all keys of one unit and name carry the same hash
// tag, so that a Cluster keeps them in one slot and one script can use them
// together. Different arguments never give the same key, whatever bytes they
// hold.
//
//	sb:<namespace>:{<unit>:<name>}:<part>:<part>
func (c *Client) key(unit, name string, parts ...string) string {
	var b strings.Builder
	b.Grow(len(c.prefix) + len(unit) + len(name) + 8 + 24*len(parts))
	b.WriteString(c.prefix)
	b.WriteByte('{')
	escape(&b, unit)
	b.WriteByte(':')
	escape(&b, name)
	b.WriteByte('}')
	for _, part := range parts {
		b.WriteByte(':')
		escape(&b, part)
	}
	return b.String()
}

// keyPrefix is what every key of a namespace begins with.
func keyPrefix(namespace string) string {
	var b strings.Builder
	b.WriteString("sb:")
	escape(&b, namespace)
	b.WriteByte(':')
	return b.String()
}

// escape writes text so that none of the bytes that separate parts of a key is
// left in it, nor one that has a meaning in patterns or makes a key hard to
// type: escaping is reversible, so different texts stay different.
func escape(b *strings.Builder, text string) {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		switch ch := text[i]; {
		case ch <= ' ' || ch == 0x7f || strings.IndexByte(`%:{}*?[]\^"'`, ch) >= 0:
			b.WriteByte('%')
			b.WriteByte(hex[ch>>4])
			b.WriteByte(hex[ch&15])
		default:
			b.WriteByte(ch)
		}
	}
}
