package decorator_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/decorator"
)

type part struct {
	ports.ObjectStore
	ports.Streamer
	ports.BatchDeleter
}

func (part) Ping(context.Context) error { return nil }
func (part) Close() error               { return nil }

func TestTheStoreHasExactlyTheInterfacesOfItsParts(t *testing.T) {
	t.Parallel()
	for set := range 16 {
		t.Run(fmt.Sprintf("%04b", set), func(t *testing.T) {
			t.Parallel()
			p := decorator.Parts{Store: struct{ ports.ObjectStore }{}}
			want := [4]bool{set&1 != 0, set&2 != 0, set&4 != 0, set&8 != 0}
			if want[0] {
				p.Streamer = part{}
			}
			if want[1] {
				p.BatchDeleter = part{}
			}
			if want[2] {
				p.Pinger = part{}
			}
			if want[3] {
				p.Closer = part{}
			}
			s := decorator.Assemble(p)
			var got [4]bool
			_, got[0] = s.(ports.Streamer)
			_, got[1] = s.(ports.BatchDeleter)
			_, got[2] = s.(ports.Pinger)
			_, got[3] = s.(io.Closer)
			if got != want {
				t.Errorf("offers streamer, batch deleter, pinger, closer: %v, want %v", got, want)
			}
		})
	}
}

type unwrapping struct{ ports.ObjectStore }

func (unwrapping) Unwrap() any { return part{} }

func TestNothingIsReachedPastTheParts(t *testing.T) {
	t.Parallel()
	for _, p := range []decorator.Parts{{Store: unwrapping{}}, {Store: unwrapping{}, Closer: part{}}, {Store: unwrapping{}, Streamer: part{}}} {
		s := decorator.Assemble(p)
		if _, ok := s.(ports.Unwrapper); ok {
			t.Errorf("%T can be unwrapped", s)
		}
	}
}
