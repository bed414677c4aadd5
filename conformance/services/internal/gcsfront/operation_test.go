package gcsfront

import (
	"net/http/httptest"
	"testing"
)

func TestRequestsAreUnderstood(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct {
		kind kind
		object
	}{
		"GET /storage/v1/b/bu/o":                                 {list, object{}},
		"GET /storage/v1/b/bu/o/":                                {list, object{}},
		"GET /storage/v1/b/bu":                                   {other, object{}},
		"GET /storage/v1/b/bu/o/a%2Fb%20c":                       {stat, object{"bu", "a/b c"}},
		"GET /storage/v1/b/bu/o/a/b":                             {stat, object{"bu", "a/b"}},
		"GET /storage/v1/b/bu/o/a?alt=media":                     {read, object{"bu", "a"}},
		"GET /download/storage/v1/b/bu/o/a%2Fb":                  {read, object{"bu", "a/b"}},
		"GET /bu/a/b":                                            {read, object{"bu", "a/b"}},
		"HEAD /bu/a%2fb":                                         {read, object{"bu", "a/b"}},
		"PUT /bu/a":                                              {insert, object{"bu", "a"}},
		"DELETE /bu/a":                                           {remove, object{"bu", "a"}},
		"DELETE /storage/v1/b/bu/o/a":                            {remove, object{"bu", "a"}},
		"PATCH /storage/v1/b/bu/o/a":                             {update, object{"bu", "a"}},
		"PUT /storage/v1/b/bu/o/a":                               {update, object{"bu", "a"}},
		"GET /storage/v1/b/bu/o/a/acl":                           {other, object{}},
		"GET /storage/v1/b/bu/o/acl":                             {stat, object{"bu", "acl"}},
		"POST /storage/v1/b/bu/o/a/compose":                      {compose, object{"bu", "a"}},
		"GET /storage/v1/b/bu/o/compose":                         {stat, object{"bu", "compose"}},
		"POST /storage/v1/b/bu/o/a/rewriteTo/b/bv/o/c%2Fd":       {rewrite, object{"bv", "c/d"}},
		"POST /storage/v1/b/bu/o/a/copyTo/b/bv/o/c":              {rewrite, object{"bv", "c"}},
		"POST /upload/storage/v1/b/bu/o?uploadType=media&name=a": {insert, object{"bu", "a"}},
		"POST /upload/storage/v1/b/bu/o?uploadType=resumable":    {start, object{"bu", ""}},
		"PUT /upload/storage/v1/b/bu/o?upload_id=1&name=a":       {chunk, object{}},
		"PUT /upload/resumable/1":                                {chunk, object{}},
		"GET /_internal/healthcheck":                             {other, object{}},
		"GET /bu":                                                {other, object{}},
	} {
		var method, target string
		for i := range line {
			if line[i] == ' ' {
				method, target = line[:i], line[i+1:]
				break
			}
		}
		got, err := parse(httptest.NewRequest(method, target, nil))
		if err != nil || got.kind != want.kind || got.object != want.object {
			t.Errorf("%s: kind %d, %+v, %v; want %+v", line, got.kind, got.object, err, want)
		}
	}
}

func TestOverriddenMethods(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/storage/v1/b/bu/o/a", nil)
	r.Header.Set("X-HTTP-Method-Override", "DELETE")
	if got, err := parse(r); err != nil || got.kind != remove {
		t.Errorf("kind %d, %v", got.kind, err)
	}
}
