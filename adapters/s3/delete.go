package s3

import (
	"context"
	"errors"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	errDeleteAbsent    = errors.New("an absent object can't be deleted")
	errDeleteCondition = errors.New("the server ignores conditions of deletes")
	errOtherVersion    = errors.New("another version is there")
	errAbsent          = errors.New("no object is there")
)

// Delete implements ports.ObjectStore with one request, and one before it for a
// condition where Facts.MissingDelete is false.
func (b *bucket) Delete(ctx context.Context, key string, cond ports.Condition) error {
	if err := b.enterKey(ctx, "delete", key); err != nil {
		return err
	}
	defer b.gate.Leave()
	version, versioned := cond.Version()
	switch {
	case cond.IsAbsent():
		return ports.Fail("delete", key, ports.ErrUnsupported, errDeleteAbsent)
	case !versioned:
		return b.remove(ctx, key, cond)
	case !b.facts.ConditionalDelete:
		return ports.Fail("delete", key, ports.ErrUnsupported, errDeleteCondition)
	case !possible(version):
		return ports.Fail("delete", key, ports.ErrPrecondition, errOtherVersion)
	case b.facts.MissingDelete:
		return b.remove(ctx, key, cond)
	}
	return b.removeThere(ctx, key, cond)
}

// remove sends one DeleteObject.
func (b *bucket) remove(ctx context.Context, key string, cond ports.Condition) error {
	in := awss3.DeleteObjectInput{Bucket: &b.name, Key: &key}
	in.IfMatch, _ = headers(cond)
	a, options := b.begin()
	_, err := b.client.DeleteObject(ctx, &in, options...)
	if err == nil {
		return nil
	}
	kind := answer(err)
	if errors.Is(kind, ports.ErrNotFound) || errors.Is(kind, errNested) {
		if cond.IsAny() {
			return nil
		}
		return ports.Fail("delete", key, ports.ErrPrecondition, err)
	}
	return b.writeFailure(ctx, "delete", key, cond, a, err)
}

// removeThere is a conditional delete on a server that answers "done" where no
// object is. Deletes of one key take turns in this process, so that one of them
// alone is told that it did it; the server decides between it and all writes.
func (b *bucket) removeThere(ctx context.Context, key string, cond ports.Condition) error {
	done, err := turns.wait(ctx, b.name+"/"+key)
	if err != nil {
		return ports.Fail("delete", key, ctx.Err(), context.Cause(ctx))
	}
	defer done()
	info, err := b.stat(ctx, "delete", key)
	version, _ := cond.Version()
	switch {
	case errors.Is(err, ports.ErrNotFound):
		return ports.Fail("delete", key, ports.ErrPrecondition, errAbsent)
	case err != nil:
		return err
	case info.Version != version:
		return ports.Fail("delete", key, ports.ErrPrecondition, errOtherVersion)
	}
	return b.remove(ctx, key, cond)
}
