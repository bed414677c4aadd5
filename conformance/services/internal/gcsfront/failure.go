package gcsfront

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// failure is an answer that the front gives itself.
type failure struct {
	status  int
	reason  string
	message string
}

func (f *failure) Error() string { return fmt.Sprintf("%d %s: %s", f.status, f.reason, f.message) }

func invalid(message string) *failure { return &failure{http.StatusBadRequest, "invalid", message} }

// answer writes an error as the API of the request does.
func answer(w http.ResponseWriter, x *exchange, err error) {
	var f *failure
	switch {
	case !errors.As(err, &f):
		f = &failure{http.StatusBadGateway, "backendError", err.Error()}
	case errors.Is(err, errReplay):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, f.message)
		return
	case f.status == http.StatusNotModified && x.kind != read && x.kind != stat:
		f = errCondition
	case f.status == http.StatusNotModified:
		w.WriteHeader(f.status)
		return
	}
	if x.xml {
		f.writeXML(w)
		return
	}
	f.writeJSON(w)
}

// writeJSON has the form of the JSON API.
func (f *failure) writeJSON(w http.ResponseWriter) {
	detail := map[string]any{"domain": "global", "reason": f.reason, "message": f.message}
	if f == errCondition {
		detail["locationType"], detail["location"] = "header", "If-Match"
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"error": map[string]any{"code": f.status, "message": f.message, "errors": []any{detail}},
	})
}

// xmlCodes are the names of errors in the XML API.
var xmlCodes = map[int]string{
	http.StatusBadRequest:         "InvalidArgument",
	http.StatusNotFound:           "NoSuchKey",
	http.StatusPreconditionFailed: "PreconditionFailed",
}

func (f *failure) writeXML(w http.ResponseWriter) {
	code := xmlCodes[f.status]
	if code == "" {
		code = "InternalError"
	}
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	w.WriteHeader(f.status)
	_, _ = fmt.Fprintf(w, "<?xml version='1.0' encoding='UTF-8'?><Error><Code>%s</Code><Message>%s</Message></Error>", code, f.message)
}
