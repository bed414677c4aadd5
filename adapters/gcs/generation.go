package gcs

import (
	"strconv"

	"cloud.google.com/go/storage"

	"github.com/smarterbase/smarterbase/ports"
)

// A generation is the version: a number that the server gives to each write,
// and never again to that name.

func versionOf(generation int64) ports.Version {
	return ports.Version(strconv.FormatInt(generation, 10))
}

// generationOf is false for what versionOf never made. No object has such a
// version, so nobody needs to be asked.
func generationOf(v ports.Version) (int64, bool) {
	generation, err := strconv.ParseInt(string(v), 10, 64)
	return generation, err == nil && generation > 0 && versionOf(generation) == v
}

// conditional puts a condition on a write; false if it can't hold. The zero
// of GenerationMatch would be no condition at all.
func (s *bucket) conditional(key string, cond ports.Condition) (*storage.ObjectHandle, bool) {
	object := s.handle.Object(key)
	if cond.IsAbsent() {
		return object.If(storage.Conditions{DoesNotExist: true}), true
	}
	if v, ok := cond.Version(); ok {
		generation, ok := generationOf(v)
		return object.If(storage.Conditions{GenerationMatch: generation}), ok
	}
	return object, true
}

func infoOf(attrs *storage.ObjectAttrs) ports.ObjectInfo {
	return ports.ObjectInfo{Key: attrs.Name, Version: versionOf(attrs.Generation), Size: attrs.Size, ModTime: attrs.Updated}
}
