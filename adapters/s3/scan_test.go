package s3

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// document wraps members of a ListBucketResult.
func document(members string) string {
	return xml.Header + `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + members + `</ListBucketResult>`
}

func content(key, rest string) string {
	return "<Contents><Key>" + key + "</Key><LastModified>2026-11-24T10:48:00.123Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size>" + rest + "</Contents>"
}

const complete = "<IsTruncated>false</IsTruncated>"

func TestDecode(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 10, 48, 0, 123e6, time.UTC)
	for name, tt := range map[string]struct {
		text  string
		keys  []string
		fast  bool // read by the scanner
		token string
		fails string
	}{
		"nothing":                {text: document(complete), fast: true},
		"as Amazon":              {text: document("<Name>b</Name><Prefix></Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>" + content("a", "<StorageClass>STANDARD</StorageClass>") + content("b", "")), keys: []string{"a", "b"}, fast: true},
		"more to come":           {text: document("<IsTruncated>true</IsTruncated><NextContinuationToken>1/x&amp;y==</NextContinuationToken>" + content("a", "")), keys: []string{"a"}, token: "1/x&y==", fast: true},
		"URL encoding said last": {text: document(complete + content("a%2Fb+c%2B", "") + "<EncodingType>url</EncodingType>"), keys: []string{"a/b c+"}, fast: true},
		"no encoding":            {text: document(complete + content("a%2Fb+c", "")), keys: []string{"a%2Fb+c"}, fast: true},
		"entities":               {text: document(complete + content("&lt;&#38;&#x1F642;&gt;&apos;", "")), keys: []string{"<&🙂>'"}, fast: true},
		"owners and spaces":      {text: document("\n  " + complete + "\n" + content("a", "\n<Owner><ID>1</ID><DisplayName/></Owner>\n") + "<CommonPrefixes/>\n"), keys: []string{"a"}, fast: true},
		"no declaration":         {text: strings.TrimPrefix(document(complete+content("a", "")), xml.Header), keys: []string{"a"}, fast: true},
		"other attributes":       {text: strings.Replace(document(complete+content("a", "")), "<Key>", `<Key space="p">`, 1), keys: []string{"a"}},
		"CDATA":                  {text: document(complete + content("<![CDATA[a<b]]>", "")), keys: []string{"a<b"}},
		"comments":               {text: document(complete + "<!-- c -->" + content("a", "")), keys: []string{"a"}},
		"name space prefixes":    {text: strings.NewReplacer("<?", "<?", "</", "</s:", "<", "<s:", "xmlns", "xmlns:s").Replace(document(complete + content("a", ""))), keys: []string{"a"}},
		"ETag without quotes":    {text: strings.ReplaceAll(document(complete+content("a", "")), "&quot;", ""), keys: []string{"a"}},

		"cut in a key":          {text: document(complete + content("a", ""))[:150], fails: "EOF"},
		"cut before the end":    {text: strings.TrimSuffix(document(complete+content("a", "")), "</ListBucketResult>"), fails: "EOF"},
		"no word about more":    {text: document(content("a", "")), fails: "whether there is more"},
		"entry without key":     {text: document(complete + strings.Replace(content("a", ""), "<Key>a</Key>", "", 1)), fails: "no key"},
		"entry without size":    {text: document(complete + strings.Replace(content("a", ""), "<Size>7</Size>", "", 1)), fails: "no size"},
		"entry without ETag":    {text: document(complete + strings.Replace(content("a", ""), "<ETag>&quot;e&quot;</ETag>", "", 1)), fails: "no ETag"},
		"size of no number":     {text: document(complete + strings.Replace(content("a", ""), "<Size>7", "<Size>x", 1)), fails: "invalid syntax"},
		"time of no time":       {text: document(complete + strings.Replace(content("a", ""), "2026-11", "2026-13", 1)), fails: "month out of range"},
		"broken URL encoding":   {text: document(complete + content("a%zz", "") + "<EncodingType>url</EncodingType>"), fails: "invalid URL escape"},
		"another document":      {text: xml.Header + "<html></html>", fails: `the document is a "html"`},
		"an error":              {text: xml.Header + "<Error><Code>InternalError</Code></Error>", fails: errIsError.Error()},
		"wrong end tag":         {text: document(complete + "<Contents><Key>a</Kex></Contents>"), fails: "closed by"},
		"empty":                 {text: "", fails: "EOF"},
		"text that is no UTF-8": {text: document(complete + content("\xff", "")), fails: "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p page
			err := p.decode([]byte(tt.text))
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("err = %v, want %q", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			for _, info := range p.infos {
				keys = append(keys, info.Key)
				if info.Version != `"e"` || info.Size != 7 || !info.ModTime.Equal(at) {
					t.Errorf("entry %+v", info)
				}
			}
			if !slices.Equal(keys, tt.keys) || p.token != tt.token || p.truncated != (tt.token != "") {
				t.Errorf("keys %q, token %q, truncated %v", keys, p.token, p.truncated)
			}
			s := scanner{text: []byte(tt.text)}
			if err := s.result(&p); (err == nil) != tt.fast {
				t.Errorf("the scanner answers %v", err)
			}
		})
	}
}

// What the scanner reads, encoding/xml reads in the same way.
func FuzzScannerAgreesWithEncodingXML(f *testing.F) {
	f.Add(document(complete))
	f.Add(document("<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>" + content("a%2Fb", "") + content("b", "<Owner><ID>1</ID></Owner>")))
	f.Add(document(complete + content("&lt;&#38;&#x1F642;", "<StorageClass/>")))
	f.Add(document(complete + "<!-- c --><CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"))
	f.Add(document(complete + "<Contents><Key>a&amp;b</Key><ETag>&quot;e1&quot;</ETag><Owner><ID>&quot;f&quot;</ID></Owner><Size>&#49;2</Size></Contents>"))
	f.Fuzz(func(t *testing.T, text string) {
		var fast, slow page
		s := scanner{text: []byte(text)}
		if s.result(&fast) != nil {
			return
		}
		if err := slow.decodeSlowly([]byte(text)); err != nil {
			t.Fatalf("the scanner reads %q, encoding/xml answers %v", text, err)
		}
		if fast.truncated != slow.truncated || fast.token != slow.token || fmt.Sprint(fast.infos) != fmt.Sprint(slow.infos) {
			t.Fatalf("the scanner reads %q as %+v, encoding/xml as %+v", text, fast, slow)
		}
	})
}

// fullPage is what a server answers for a thousand documents.
func fullPage() []byte {
	var b strings.Builder
	for i := range maxPage {
		fmt.Fprintf(&b, "<Contents><Key>users%%2F%08d.json</Key><LastModified>2026-11-24T10:48:00.000Z</LastModified><ETag>&#34;%032x&#34;</ETag><Size>1024</Size><StorageClass>STANDARD</StorageClass></Contents>", i, i)
	}
	return []byte(document("<Name>bucket</Name><Prefix>users%2F</Prefix><KeyCount>1000</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>" +
		"<IsTruncated>true</IsTruncated><NextContinuationToken>token</NextContinuationToken>" + b.String()))
}

func BenchmarkDecodePage(b *testing.B) {
	text := fullPage()
	for name, decode := range map[string]func(*page) error{
		"scanner":      func(p *page) error { return (&scanner{text: text}).result(p) },
		"encoding/xml": func(p *page) error { return p.decodeSlowly(text) },
	} {
		b.Run(name, func(b *testing.B) {
			var p page
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if err := decode(&p); err != nil || len(p.infos) != maxPage {
					b.Fatal(err, len(p.infos))
				}
			}
		})
	}
}
