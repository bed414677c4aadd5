package core

import (
	"bytes"
	"encoding/json"
	"sync"
)

// jsonCodec is encoding/json without the escaping of <, > and & that is meant
// for HTML: documents are read by people and other tools.
type jsonCodec struct{}

var encodeBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Marshal encodes v.
func (jsonCodec) Marshal(v any) ([]byte, error) {
	buffer := encodeBuffers.Get().(*bytes.Buffer)
	defer encodeBuffers.Put(buffer)
	buffer.Reset()
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.Clone(bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))), nil
}

// Unmarshal decodes data into v.
func (jsonCodec) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }
