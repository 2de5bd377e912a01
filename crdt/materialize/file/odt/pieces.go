package odt

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/crdt/materialize/file"
)

const (
	xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	spaces  = `xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" office:version="1.2"`
)

// What marks a task, by whether it is done.
const (
	openBox = "☐"
	doneBox = "☑"
)

func (w *writer) content() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<office:document-content %s><office:automatic-styles>`, spaces)
	looks := slices.SortedFunc(maps.Keys(w.looks), func(x, y file.Style) int { return cmp.Compare(w.looks[x], w.looks[y]) })
	for _, look := range looks {
		base := ""
		if look.Code {
			base = ` style:parent-style-name="Source_20_Text"`
		}
		fmt.Fprintf(&b, `<style:style style:name="%s" style:family="text"%s><style:text-properties`, w.looks[look], base)
		for _, property := range []struct {
			on    bool
			write string
		}{
			{look.Strong, ` fo:font-weight="bold" style:font-weight-asian="bold" style:font-weight-complex="bold"`},
			{look.Em, ` fo:font-style="italic" style:font-style-asian="italic" style:font-style-complex="italic"`},
			{look.Underline, ` style:text-underline-style="solid" style:text-underline-width="auto" style:text-underline-color="font-color"`},
			{look.Strike, ` style:text-line-through-style="solid"`},
			{look.Highlight, ` fo:background-color="#ffff00"`},
		} {
			if property.on {
				b.WriteString(property.write)
			}
		}
		b.WriteString("/></style:style>")
	}
	b.WriteString(`<style:style style:name="Grid" style:family="table"><style:table-properties style:rel-width="100%" table:align="margins"/></style:style>`)
	for _, cell := range [][2]string{{"Cell", ""}, {"HeadCell", ` fo:background-color="#e7e6e6"`}} {
		fmt.Fprintf(&b, `<style:style style:name="%s" style:family="table-cell"><style:table-cell-properties fo:padding="1mm" fo:border="0.5pt solid #808080"%s/></style:style>`, cell[0], cell[1])
	}
	b.WriteString(`<style:style style:name="Picture" style:family="graphic"><style:graphic-properties style:vertical-pos="top" style:vertical-rel="baseline"/></style:style>`)
	b.WriteString("</office:automatic-styles><office:body><office:text>")
	b.WriteString(w.out.String())
	b.WriteString("</office:text></office:body></office:document-content>")
	return b.String()
}

func (w *writer) meta() string {
	return fmt.Sprintf(`<office:document-meta %s><office:meta><dc:title>%s</dc:title><dc:language>%s</dc:language></office:meta></office:document-meta>`,
		spaces, escape(w.document.Title), escape(w.document.Language))
}

func (w *writer) manifest() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="%s"/>`, Media)
	entry := func(name, media string) {
		fmt.Fprintf(&b, `<manifest:file-entry manifest:full-path="%s" manifest:media-type="%s"/>`, name, media)
	}
	for _, name := range []string{"content.xml", "styles.xml", "meta.xml"} {
		entry(name, "text/xml")
	}
	for _, src := range w.media {
		looked, _ := file.LookAt(w.document.Files[src])
		entry(w.pictures[src], looked.Media)
	}
	b.WriteString("</manifest:manifest>")
	return b.String()
}

// stylesheet writes LibreOffice's own styles, those made for this document, the
// kinds of lists and the page.
func (w *writer) stylesheet() string {
	var b strings.Builder
	language, country, _ := strings.Cut(w.document.Language, "-")
	if language == "" {
		language, country = "en", "GB"
	}
	if country == "" {
		country = "none"
	}
	fmt.Fprintf(&b, `<office:document-styles %s><office:styles><style:default-style style:family="paragraph"><style:paragraph-properties style:writing-mode="page"/><style:text-properties style:font-name="Liberation Sans" fo:font-family="'Liberation Sans', Arial, sans-serif" fo:font-size="11pt" style:font-size-complex="11pt" fo:language="%s" fo:country="%s"/></style:default-style>`,
		spaces, escape(language), escape(country))
	style := func(name, base, more, paragraph, text string) {
		fmt.Fprintf(&b, `<style:style style:name="%s" style:display-name="%s" style:family="paragraph"`, name, escape(decode(name)))
		if base != "" {
			fmt.Fprintf(&b, ` style:parent-style-name="%s"`, base)
		}
		fmt.Fprintf(&b, `%s><style:paragraph-properties%s/><style:text-properties%s/></style:style>`, more, paragraph, text)
	}
	const bold = ` fo:font-weight="bold" style:font-weight-complex="bold"`
	const italic = ` fo:font-style="italic" style:font-style-complex="italic"`
	size := func(points int) string {
		return fmt.Sprintf(` fo:font-size="%dpt" style:font-size-complex="%[1]dpt"`, points)
	}
	style("Standard", "", ` style:class="text"`, "", "")
	style("Text_20_body", "Standard", ` style:class="text"`, ` fo:margin-top="0mm" fo:margin-bottom="2.5mm" fo:line-height="120%"`, "")
	style("Title", "Standard", ` style:class="chapter"`, ` fo:margin-bottom="4mm"`, bold+size(24))
	for level := range 6 {
		n := strconv.Itoa(level + 1)
		extra := ""
		if level == 5 {
			extra = italic
		}
		style("Heading_20_"+n, "Standard", fmt.Sprintf(` style:next-style-name="Text_20_body" style:default-outline-level="%s" style:class="text"`, n),
			fmt.Sprintf(` fo:margin-top="%dmm" fo:margin-bottom="2mm" fo:keep-with-next="always"`, 7-level), bold+extra+size([]int{18, 15, 13, 12, 11, 11}[level]))
	}
	style("List", "Text_20_body", ` style:class="list"`, ` fo:margin-bottom="1mm"`, "")
	style("Quotations", "Text_20_body", "", ` fo:margin-left="10mm" fo:margin-right="10mm" fo:padding-left="3mm" fo:border-left="2pt solid #808080"`, italic)
	style("Callout", "Text_20_body", "", ` fo:margin-left="4mm" fo:margin-right="4mm" fo:padding="2mm" fo:border="0.75pt solid #595959" fo:background-color="#f2f2f2"`, "")
	mono := ` style:font-name="Liberation Mono" fo:font-family="'Liberation Mono', Consolas, monospace"`
	style("Code", "Standard", "", ` fo:margin-bottom="2.5mm" fo:background-color="#f2f2f2"`, mono+` fo:font-size="10pt"`)
	style("Horizontal_20_Line", "Standard", ` style:class="html"`, ` fo:margin-bottom="5mm" fo:border-bottom="1pt solid #808080"`, size(6))
	style("Figure", "Standard", "", ` fo:margin-top="2mm" fo:margin-bottom="2mm" fo:keep-with-next="auto"`, "")
	style("Caption", "Standard", ` style:class="extra"`, ` fo:margin-bottom="4mm"`, italic+size(10))
	style("Footnote", "Standard", ` style:class="extra"`, "", size(10))
	style("Table_20_Contents", "Standard", ` style:class="extra"`, "", "")
	style("Table_20_Heading", "Table_20_Contents", ` style:class="extra"`, "", bold)
	style("Table_20_End", "Standard", "", ` fo:margin-bottom="2mm"`, size(4))
	for _, name := range slices.Sorted(maps.Keys(w.styles)) {
		own, paragraph := w.styles[name], ""
		if own.rtl {
			paragraph = ` style:writing-mode="rl-tb" fo:text-align="start"`
		}
		if own.indent > 0 {
			paragraph += fmt.Sprintf(` fo:margin-left="%dmm"`, own.indent*indentStep)
		}
		style(name, own.base, "", paragraph, "")
	}
	fmt.Fprintf(&b, `<style:style style:name="Source_20_Text" style:display-name="Source Text" style:family="text"><style:text-properties%s/></style:style>`, mono)
	for _, kind := range []struct{ name, mark string }{{"Bullets", ""}, {"Numbers", ""}, {"Tasks", openBox}, {"Tasks_20_Done", doneBox}} {
		fmt.Fprintf(&b, `<text:list-style style:name="%s" style:display-name="%s">`, kind.name, decode(kind.name))
		for level := range file.MaxDepth {
			where := fmt.Sprintf(`<style:list-level-properties text:list-level-position-and-space-mode="label-alignment"><style:list-level-label-alignment text:label-followed-by="listtab" text:list-tab-stop-position="%[1]dmm" fo:text-indent="-7mm" fo:margin-left="%[1]dmm"/></style:list-level-properties>`, (level+1)*indentStep)
			mark := kind.mark
			if mark == "" {
				mark = []string{"•", "◦", "▪"}[level%3]
			}
			if kind.name == "Numbers" {
				fmt.Fprintf(&b, `<text:list-level-style-number text:level="%d" style:num-format="%s" style:num-suffix=".">%s</text:list-level-style-number>`, level+1, []string{"1", "a", "i"}[level%3], where)
			} else {
				fmt.Fprintf(&b, `<text:list-level-style-bullet text:level="%d" text:bullet-char="%s">%s</text:list-level-style-bullet>`, level+1, mark, where)
			}
		}
		b.WriteString("</text:list-style>")
	}
	b.WriteString(`</office:styles><office:automatic-styles><style:page-layout style:name="Page"><style:page-layout-properties fo:page-width="210mm" fo:page-height="297mm" fo:margin-top="25mm" fo:margin-bottom="25mm" fo:margin-left="25mm" fo:margin-right="25mm"/></style:page-layout></office:automatic-styles><office:master-styles><style:master-page style:name="Standard" style:page-layout-name="Page"/></office:master-styles></office:document-styles>`)
	return b.String()
}

// decode reads a style's name that was written as a name of XML.
func decode(name string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(name, "_")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		digits, after, closed := strings.Cut(rest, "_")
		code, err := strconv.ParseUint(digits, 16, 21)
		if !closed || err != nil || code < ' ' {
			b.WriteByte('_')
			name = rest
			continue
		}
		b.WriteRune(rune(code))
		name = after
	}
}
