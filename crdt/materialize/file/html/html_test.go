package html

import (
	"testing"

	"parley/crdt/materialize/file/filetest"
)

func TestConforms(t *testing.T) {
	filetest.Run(t, Format{}, []string{
		"paragraph", "title", "heading", "divider", "blockquote", "callout", "code", "lists", "tasks", "table", "image", "footnote", "letters",
		"nested", "mark strong", "mark em", "mark underline", "mark strike", "mark highlight", "mark code", "mark link",
	})
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"<!doctype html><title>T</title><h1>A</h1><p>b <b>c</b><ul><li>d<ol><li>e</ul><blockquote>f</blockquote><pre><code class=language-go>g</code></pre><hr>",
		"<table><caption>c</caption><tr><th>a<th>b<tr><td colspan=2>c<td rowspan=3><table><tr><td>d</table>",
		`<a href="#n" role="doc-noteref">1</a><section role="doc-endnotes"><ol><li id="n">note <a href="#r" role="doc-backlink">x</a></ol></section>`,
		`<figure><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt=x style="width:50%"><figcaption>c<p>d</figcaption></figure>`,
		"<script>x</script><svg><text>y</text></svg><iframe src=z></iframe><p hidden>h<input type=checkbox checked>",
		"<b><i><p>a</b>b</i></p></table><td>c\x00\xff", "<ul><ul><li><input type=checkbox>a</ul>b</ul>", "<meta charset=utf-16><p>a",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { filetest.Survives(t, Format{}, raw) })
}
