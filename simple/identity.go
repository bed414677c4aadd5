package simple

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/smarterbase/smarterbase/core"
)

// identity is the field of a type that holds the id of a document: the one
// with the tag sb:"id", which core takes care of, or else by convention a
// string field ID that is "id" in JSON.
type identity struct {
	at     []int // as for reflect.Value.FieldByIndex
	tagged bool
}

func identityOf(t reflect.Type) (identity, error) {
	if t.Kind() != reflect.Struct {
		return identity{}, fmt.Errorf("type %v has no id field; package core has collections of such types", t)
	}
	var byConvention []int
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Tag.Get("sb") == "id":
			return identity{at: field.Index, tagged: true}, nil
		case field.Name == "ID" && name == "id" && field.Type.Kind() == reflect.String && direct(t, field.Index):
			byConvention = field.Index
		}
	}
	if byConvention == nil {
		return identity{}, fmt.Errorf(`type %v has no id: tag a string field with sb:"id", or name it ID with the tag json:"id"`, t)
	}
	return identity{at: byConvention}, nil
}

// direct reports whether no pointer, which could be nil, leads to the field.
func direct(t reflect.Type, at []int) bool {
	for _, i := range at {
		if t.Kind() != reflect.Struct {
			return false
		}
		t = t.Field(i).Type
	}
	return true
}

// of reads the id of the value that v points to.
func (i identity) of(v any) string {
	field, err := reflect.ValueOf(v).Elem().FieldByIndexErr(i.at)
	if err != nil {
		return "" // in an embedded pointer that is nil
	}
	return field.String()
}

// set writes it.
func (i identity) set(v any, id string) {
	if field, err := reflect.ValueOf(v).Elem().FieldByIndexErr(i.at); err == nil {
		field.SetString(id)
	}
}

// prepare gives a new value an id, where core would not write it into the
// field.
func (i identity) prepare(v any) {
	if !i.tagged && i.of(v) == "" {
		i.set(v, core.NewID())
	}
}

// guard makes sure that the function of an Update leaves the id alone.
func (i identity) guard(collection, id string, v any, fn func() error) error {
	i.set(v, id)
	if err := fn(); err != nil {
		return err
	}
	switch own := i.of(v); own {
	case id:
		return nil
	case "":
		i.set(v, id)
		return nil
	default:
		return &core.Error{Op: "update", Collection: collection, ID: id, Kind: core.ErrInvalid,
			Err: fmt.Errorf("the function changed the id to %q", own)}
	}
}

// checkPatch refuses a merge patch that would change the member by convention.
// What is no JSON object is left to core to refuse.
func (i identity) checkPatch(collection, id string, patch any) error {
	if i.tagged {
		return nil // core does it
	}
	var text []byte
	switch p := patch.(type) {
	case string:
		text = []byte(p)
	case []byte:
		text = p
	default:
		text, _ = json.Marshal(patch)
	}
	var members map[string]json.RawMessage
	var own string
	if json.Unmarshal(text, &members) != nil || members["id"] == nil {
		return nil
	}
	if json.Unmarshal(members["id"], &own) == nil && own == id {
		return nil
	}
	return &core.Error{Op: "patch", Collection: collection, ID: id, Kind: core.ErrInvalid,
		Err: fmt.Errorf("the patch changes the id to %s", members["id"])}
}
