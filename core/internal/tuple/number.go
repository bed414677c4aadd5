package tuple

import "encoding/binary"

const (
	signNegative = 0x01
	signZero     = 0x02
	signPositive = 0x03

	maxExponent = 1 << 30
)

// appendNumber encodes a JSON number as sign, decimal exponent and digits of
// 0.d1d2d3… × 10^exponent, two digits a byte. Exponents beyond ±2^30 count as
// ±2^30.
func appendNumber(dst, text []byte, limit int) []byte {
	n := parseNumber(text)
	dst = append(dst, typeNumber)
	if n.first == n.last {
		return append(dst, signZero)
	}
	if n.negative {
		dst = append(dst, signNegative)
	} else {
		dst = append(dst, signPositive)
	}
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, uint32(n.exponent+maxExponent))
	dst = n.appendDigits(dst, limit)
	dst = append(dst, 0)
	if n.negative {
		Complement(dst[start:])
	}
	return dst
}

// number is a parsed JSON number: the digits are those of text[first:last]
// without the point.
type number struct {
	text        []byte
	negative    bool
	first, last int // from the first to after the last digit that is not zero
	exponent    int // of 0.ddd × 10^exponent
}

func parseNumber(text []byte) number {
	n := number{text: text}
	i := 0
	if text[0] == '-' {
		n.negative = true
		i = 1
	}
	seen, point := false, false
	for ; i < len(text) && (text[i] == '.' || '0' <= text[i] && text[i] <= '9'); i++ {
		switch c := text[i]; {
		case c == '.':
			point = true
		case c == '0' && !seen:
			if point {
				n.exponent--
			}
		default:
			if !seen {
				seen, n.first = true, i
			}
			if !point {
				n.exponent++
			}
			if c != '0' {
				n.last = i + 1
			}
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		n.exponent += parseExponent(text[i+1:])
	}
	n.exponent = max(-maxExponent, min(maxExponent, n.exponent))
	return n
}

func parseExponent(text []byte) int {
	negative := text[0] == '-'
	value := 0
	for _, c := range text {
		if '0' <= c && c <= '9' && value < maxExponent {
			value = value*10 + int(c-'0')
		}
	}
	if negative {
		return -value
	}
	return value
}

func (n number) appendDigits(dst []byte, limit int) []byte {
	start, high := len(dst), byte(0)
	odd := false
	for _, c := range n.text[n.first:n.last] {
		if c == '.' {
			continue
		}
		if limit > 0 && len(dst)-start >= limit {
			return dst
		}
		if odd {
			dst = append(dst, high*10+c-'0'+1)
		} else {
			high = c - '0'
		}
		odd = !odd
	}
	if odd {
		dst = append(dst, high*10+1)
	}
	return dst
}
