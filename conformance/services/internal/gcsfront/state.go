package gcsfront

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// change counts the changes of the metadata of one generation.
type change struct{ generation, count int64 }

// state asks the emulator for an object. The caller has its lock.
func (f *Front) state(ctx context.Context, o object, generation string) (state, error) {
	u := f.upstream.JoinPath("storage", "v1", "b", url.PathEscape(o.bucket), "o", url.PathEscape(o.name))
	if generation != "" {
		u.RawQuery = url.Values{"generation": {generation}}.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return state{}, err
	}
	r.Host = f.host
	answer, err := f.client.Do(r)
	if err != nil {
		return state{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusNotFound {
		_, err := io.Copy(io.Discard, answer.Body)
		return state{}, err
	}
	var said struct {
		Generation int64 `json:"generation,string"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || said.Generation == 0 {
		return state{}, fmt.Errorf("asking the emulator for %s/%s: status %d, %w", o.bucket, o.name, answer.StatusCode, err)
	}
	return state{said.Generation, f.metageneration(o, said.Generation)}, nil
}

// metageneration is 1 for a new generation, and grows with each change of its
// metadata.
func (f *Front) metageneration(o object, generation int64) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.changes[o]; c.generation == generation {
		return 1 + c.count
	}
	return 1
}

// changed counts a change of metadata.
func (f *Front) changed(o object, generation int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.changes[o]
	if c.generation != generation {
		c = change{generation: generation}
	}
	c.count++
	f.changes[o] = c
}

func parseGeneration(text any) int64 {
	s, _ := text.(string)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
