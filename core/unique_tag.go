package core

import (
	"reflect"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/unique"
)

// uniqueTag reads the options of the word "unique" of a tag: normalize:x,
// name:x, optional. Fields that name the same constraint make one over all of them,
// in their order.
func (p *inspection) uniqueTag(field reflect.StructField, options, path string, refuse func(string, ...any) error) error {
	d := unique.Definition{Fields: []unique.Field{{Path: path}}}
	for option := range strings.SplitSeq(options, ",") {
		name, named := strings.CutPrefix(option, "name:")
		normalize, normalized := strings.CutPrefix(option, "normalize:")
		switch {
		case option == "optional":
			d.Optional = true
		case named && name != "":
			d.Name = name
		case normalized && normalize != "":
			d.Fields[0].Normalize = normalize
		case option != "" || options != "":
			return refuse("the option %q is unknown; want normalize:…, name:… or optional", option)
		}
	}
	if name, _ := memberName(field); name == "" || !indexable(field.Type) {
		return refuse("%v can't be unique: want a boolean, number, string, time.Time, or a slice of these", field.Type)
	}
	same := func(x unique.Definition) bool { return d.Name != "" && x.Name == d.Name }
	if at := slices.IndexFunc(p.unique, same); at >= 0 {
		joined := &p.unique[at]
		joined.Fields = append(joined.Fields, d.Fields...)
		joined.Optional = joined.Optional || d.Optional
		return nil
	}
	p.unique = append(p.unique, d)
	return nil
}
