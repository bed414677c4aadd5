// Package rawjson reads and rewrites JSON text without building maps, so that
// numbers keep their spelling, members their order, and a filter over many
// documents costs no memory.
//
// It is strict: what Check refuses is exactly what encoding/json refuses. The
// functions that take checked text skip over it and need not look twice.
package rawjson
