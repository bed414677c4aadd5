package ports

// Codec turns Go values into JSON and back. The default is encoding/json;
// faster ones can be put in its place. It is called concurrently.
type Codec interface {
	// Marshal encodes v as one JSON value. The same value must give the same
	// bytes within a process.
	Marshal(v any) ([]byte, error)

	// Unmarshal decodes data into the value that v points to. It must not keep
	// or change data.
	Unmarshal(data []byte, v any) error
}
