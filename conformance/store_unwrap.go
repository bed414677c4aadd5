package conformance

import (
	"io"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

var unwrapClauses = []Clause[StoreHarness]{
	{"OS-UNW-1", "What As finds through a decorator MUST act on the same objects, under the same keys, as the decorator itself.", optionalInterfacesActAlike},
}

func optionalInterfacesActAlike(t *T, h StoreHarness) {
	s := h.open(t)
	streamer, streams := ports.As[ports.Streamer](s)
	deleter, deletes := ports.As[ports.BatchDeleter](s)
	if !streams && !deletes {
		t.absent("no optional interface that acts on objects")
		return
	}
	if streams {
		wantSameObjects(t, s, streamer)
	}
	if deletes {
		t.put(s, "batch/k.json", []byte("x"), ports.Any)
		before := t.list(s, ports.ListOptions{})
		errs, err := deleter.DeleteBatch(t.Context(), []string{"batch/k.json"})
		t.must(err, "delete batch")
		if len(errs) != 1 || errs[0] != nil {
			t.Errorf("delete batch of one key answers %v", errs)
		}
		_, err = s.Get(t.Context(), "batch/k.json", ports.GetOptions{})
		t.wantErr(err, ports.ErrNotFound, "get after a delete batch")
		if after := t.list(s, ports.ListOptions{}); len(after) != len(before)-1 {
			t.Errorf("delete batch of one key left %d of %d objects", len(after), len(before))
		}
	}
}

func wantSameObjects(t *T, s ports.ObjectStore, streamer ports.Streamer) {
	t.Helper()
	info, err := streamer.PutStream(t.Context(), "up/k.json", strings.NewReader("streamed"), ports.IfAbsent)
	t.must(err, "put stream")
	o := t.get(s, "up/k.json")
	if string(o.Data) != "streamed" || o.Version != info.Version || o.Size != info.Size || info.Key != o.Key {
		t.Errorf("put stream answers %+v, get %s, %+v", info, excerpt(o.Data), o.ObjectInfo)
	}
	if got := keys(t.list(s, ports.ListOptions{})); len(got) != 1 || got[0] != "up/k.json" {
		t.Errorf("list after put stream answers %q", got)
	}
	v := t.put(s, "down/k.json", []byte("put"), ports.Any)
	info, body, err := streamer.GetStream(t.Context(), "down/k.json", ports.GetOptions{})
	t.must(err, "get stream")
	data, err := io.ReadAll(body)
	t.must(err, "reading a stream")
	t.must(body.Close(), "closing a stream")
	if string(data) != "put" || info.Key != "down/k.json" || info.Version != v || info.Size != 3 {
		t.Errorf("get stream after put of \"put\" with version %q answers %s, %+v", v, excerpt(data), info)
	}
}
