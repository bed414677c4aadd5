package gcsfront

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// amend corrects an answer of the emulator on its way to the client. A read
// gives its lock back here: what the emulator sends is what the object was
// when it began, and the client may take its time.
func (f *Front) amend(answer *http.Response) error {
	x, ok := answer.Request.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil
	}
	switch x.kind {
	case read:
		if g := answer.Header.Get("X-Goog-Generation"); g != "" {
			answer.Header.Set("X-Goog-Metageneration", strconv.FormatInt(f.metageneration(x.object, parseGeneration(g)), 10))
		}
		x.unlock()
		return nil
	case other:
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	body = f.amendBody(x, answer, body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return f.amendUpload(x, answer, body)
}

// amendBody corrects metagenerations in an answer about metadata.
func (f *Front) amendBody(x *exchange, answer *http.Response, body []byte) []byte {
	if answer.StatusCode/100 != 2 || answer.Request.Method == http.MethodHead {
		return body
	}
	numbers := json.NewDecoder(bytes.NewReader(body))
	numbers.UseNumber()
	var said any
	if numbers.Decode(&said) != nil {
		return body // none, as for a delete
	}
	if resource, ok := said.(map[string]any); ok && x.kind == update {
		f.changed(x.object, parseGeneration(resource["generation"]))
	}
	f.correct(said)
	corrected, err := json.Marshal(said)
	if err != nil {
		return body
	}
	return corrected
}

// correct finds the objects in a value of JSON, at any depth: alone, in a list
// and in the answer to a copy.
func (f *Front) correct(value any) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			f.correct(v)
		}
	case map[string]any:
		bucket, _ := value["bucket"].(string)
		name, _ := value["name"].(string)
		if generation := parseGeneration(value["generation"]); bucket != "" && name != "" && generation != 0 {
			value["kind"] = "storage#object" // missing in the answer to an update
			value["metageneration"] = strconv.FormatInt(f.metageneration(object{bucket, name}, generation), 10)
			return
		}
		for _, v := range value {
			f.correct(v)
		}
	}
}

// amendUpload keeps track of resumable uploads. They go on at the address that
// the client used: there may be a proxy in between.
func (f *Front) amendUpload(x *exchange, answer *http.Response, body []byte) error {
	switch {
	case x.kind == start && answer.StatusCode == http.StatusOK:
		u, err := url.Parse(answer.Header.Get("Location"))
		if err != nil {
			return err
		}
		u.Scheme, u.Host = "http", x.host
		answer.Header.Set("Location", u.String())
		f.begin(u, x.part)
	case x.upload != nil && answer.StatusCode/100 == 2 && answer.Header.Get("X-Http-Status-Code-Override") == "":
		x.upload.finish(answer, body)
	}
	return nil
}
