package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// TxPrefix holds what became of transactions.
const TxPrefix = systemPrefix + "tx/"

// DecisionKey is the object key of the decision of a transaction.
func DecisionKey(id string) string { return txFolder(id) + id + documentSuffix }

// StagedKey is that of a value of a transaction which is too large for the
// decision.
func StagedKey(id string, n int) string {
	return txFolder(id) + id + "." + strconv.Itoa(n) + documentSuffix
}

// txFolder spreads transactions over 256 folders.
func txFolder(id string) string {
	sum := sha256.Sum256([]byte(id))
	return TxPrefix + hex.EncodeToString(sum[:1]) + "/"
}

// TxOf undoes DecisionKey and StagedKey.
func TxOf(key string) (id string, staged, ok bool) {
	name, ok := strings.CutPrefix(key, TxPrefix)
	if !ok {
		return "", false, false
	}
	if _, name, ok = strings.Cut(name, "/"); !ok {
		return "", false, false
	}
	if name, ok = strings.CutSuffix(name, documentSuffix); !ok || name == "" {
		return "", false, false
	}
	id, number, staged := strings.Cut(name, ".")
	if _, err := strconv.Atoi(number); staged && err != nil {
		return "", false, false
	}
	return id, staged, true
}
