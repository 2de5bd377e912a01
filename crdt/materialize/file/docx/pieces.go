// Package docx writes and reads Word's documents (Office Open XML, ECMA-376).
//
// What it writes is made of Word's own styles (Title, Heading 1 to 6, Quote,
// List Paragraph, Caption, Footnote Text), so that Word's navigation, its tables
// of contents and its screen reader find what they look for. What Word has no
// place for is in the name of a style: "Quote 2", "Code (go)", "Figure (50%)".
// So it is still there when somebody has worked on the file with Word.
package docx

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/crdt/materialize/file"
)

// Measures of an A4 page with margins of 2.5 cm, in twentieths of a point.
const (
	pageWidth, pageHeight, margin = 11906, 16838, 1418
	textWidth                     = pageWidth - 2*margin
	textHeight                    = pageHeight - 2*margin - 1000 // with room for a caption
	indentStep                    = 567
	emuPerTwip                    = 635
)

// The numberings.
const (
	bullets = iota
	numbers
	taskOpen
	taskDone
	definitions
)

func definitionOf(item string) int {
	switch item {
	case file.OrderedItem:
		return numbers
	case file.TaskItem:
		return taskOpen
	}
	return bullets
}

// What marks a task, by whether it is done.
const (
	openBox = "☐"
	doneBox = "☑"
)

const (
	xmlHead  = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	space    = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"`
	relSpace = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	types    = `application/vnd.openxmlformats-officedocument.wordprocessingml.`
)

type piece struct{ name, content string }

func (w *writer) pieces() []piece {
	noted := len(w.tree.Notes) > 0
	list := []piece{
		{"[Content_Types].xml", contentTypes(noted)},
		{"_rels/.rels", relationsOf([]relation{{"officeDocument", "word/document.xml"}, {"core", "docProps/core.xml"}}, "rId")},
		{"docProps/core.xml", fmt.Sprintf(`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>%s</dc:title><dc:language>%s</dc:language></cp:coreProperties>`, escape(w.document.Title), escape(w.language))},
		{"word/document.xml", fmt.Sprintf(`<w:document %s><w:body>%s<w:sectPr><w:pgSz w:w="%d" w:h="%d"/><w:pgMar w:top="%[5]d" w:right="%[5]d" w:bottom="%[5]d" w:left="%[5]d" w:header="709" w:footer="709" w:gutter="0"/></w:sectPr></w:body></w:document>`, space, w.out.String(), pageWidth, pageHeight, margin)},
		{"word/styles.xml", w.stylesheet()},
		{"word/numbering.xml", w.numbering()},
		{"word/settings.xml", w.settings(noted)},
		{"word/_rels/document.xml.rels", w.relations(noted)},
	}
	if noted {
		list = append(list,
			piece{"word/footnotes.xml", fmt.Sprintf(`<w:footnotes %s><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote><w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>%s</w:footnotes>`, space, w.notes.String())},
			piece{"word/_rels/footnotes.xml.rels", relationsOf(w.noted, "rIdX")})
	}
	return list
}

func contentTypes(noted bool) string {
	var b strings.Builder
	b.WriteString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`)
	for _, p := range [][2]string{{"gif", "image/gif"}, {"jpg", "image/jpeg"}, {"png", "image/png"}} {
		fmt.Fprintf(&b, `<Default Extension="%s" ContentType="%s"/>`, p[0], p[1])
	}
	kinds := []string{"document.main", "styles", "numbering", "settings"}
	names := []string{"document", "styles", "numbering", "settings"}
	if noted {
		kinds, names = append(kinds, "footnotes"), append(names, "footnotes")
	}
	for i, kind := range kinds {
		fmt.Fprintf(&b, `<Override PartName="/word/%s.xml" ContentType="%s%s+xml"/>`, names[i], types, kind)
	}
	b.WriteString(`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`)
	return b.String()
}

func relationsOf(list []relation, prefix string) string {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i, r := range list {
		kind, mode := relSpace+r.kind, ""
		switch r.kind {
		case "core":
			kind = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
		case "hyperlink":
			mode = ` TargetMode="External"`
		}
		fmt.Fprintf(&b, `<Relationship Id="%s%d" Type="%s" Target="%s"%s/>`, prefix, i+1, kind, escape(r.target), mode)
	}
	b.WriteString("</Relationships>")
	return b.String()
}

func (w *writer) relations(noted bool) string {
	fixed := []relation{{"styles", "styles.xml"}, {"numbering", "numbering.xml"}, {"settings", "settings.xml"}}
	if noted {
		fixed = append(fixed, relation{"footnotes", "footnotes.xml"})
	}
	inner := strings.TrimSuffix(relationsOf(fixed, "rId"), "</Relationships>")
	outer := relationsOf(w.links, "rIdX")
	return inner + outer[strings.Index(outer, ">")+1:]
}

func (w *writer) settings(noted bool) string {
	notes := ""
	if noted {
		notes = `<w:footnotePr><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>`
	}
	return `<w:settings ` + space + `><w:defaultTabStop w:val="709"/>` + notes +
		`<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>` +
		`<w:themeFontLang w:val="` + escape(w.language) + `"/></w:settings>`
}

// numbering writes the four kinds of list, and one numbering for each list of
// the document: each begins anew.
func (w *writer) numbering() string {
	var b strings.Builder
	b.WriteString("<w:numbering " + space + ">")
	for kind := range definitions {
		fmt.Fprintf(&b, `<w:abstractNum w:abstractNumId="%d"><w:multiLevelType w:val="hybridMultilevel"/>`, kind)
		for level := range file.MaxDepth {
			format, text, font := "bullet", []string{"•", "◦", "▪"}[level%3], ""
			switch kind {
			case numbers:
				format = []string{"decimal", "lowerLetter", "lowerRoman"}[level%3]
				text = "%" + strconv.Itoa(level+1) + "."
			case taskOpen:
				text = openBox
			case taskDone:
				text = doneBox
			}
			if kind == taskOpen || kind == taskDone {
				font = `<w:rPr><w:rFonts w:ascii="Segoe UI Symbol" w:hAnsi="Segoe UI Symbol" w:eastAsia="Segoe UI Symbol" w:cs="Segoe UI Symbol" w:hint="eastAsia"/></w:rPr>`
			}
			fmt.Fprintf(&b, `<w:lvl w:ilvl="%d"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/><w:lvlJc w:val="left"/><w:pPr><w:ind w:left="%d" w:hanging="%d"/></w:pPr>%s</w:lvl>`,
				level, format, text, (level+1)*indentStep, 425, font)
		}
		b.WriteString("</w:abstractNum>")
	}
	for i, l := range w.lists {
		fmt.Fprintf(&b, `<w:num w:numId="%d"><w:abstractNumId w:val="%d"/>`, i+1, l.definition)
		if l.definition == numbers {
			fmt.Fprintf(&b, `<w:lvlOverride w:ilvl="%d"><w:startOverride w:val="1"/></w:lvlOverride>`, l.level)
		}
		b.WriteString("</w:num>")
	}
	b.WriteString("</w:numbering>")
	return b.String()
}

// stylesheet writes the styles: Word's own, and those made for this document.
func (w *writer) stylesheet() string {
	var b strings.Builder
	font := `<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Arial"/>`
	fmt.Fprintf(&b, `<w:styles %s><w:docDefaults><w:rPrDefault><w:rPr>%s<w:sz w:val="22"/><w:szCs w:val="22"/><w:lang w:val="%s" w:eastAsia="ja-JP" w:bidi="%s"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="140" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>`,
		space, font, escape(w.language), escape(bidiLanguage(w.language)))
	style := func(kind, id, name, base, next, paragraph, run string) {
		fmt.Fprintf(&b, `<w:style w:type="%s" w:styleId="%s"`, kind, escape(id))
		if id == "Normal" {
			b.WriteString(` w:default="1"`)
		}
		fmt.Fprintf(&b, `><w:name w:val="%s"/>`, escape(name))
		if base != "" {
			fmt.Fprintf(&b, `<w:basedOn w:val="%s"/>`, escape(base))
		}
		if next != "" {
			fmt.Fprintf(&b, `<w:next w:val="%s"/>`, next)
		}
		b.WriteString("<w:qFormat/>")
		if paragraph != "" {
			fmt.Fprintf(&b, "<w:pPr>%s</w:pPr>", paragraph)
		}
		if run != "" {
			fmt.Fprintf(&b, "<w:rPr>%s</w:rPr>", run)
		}
		b.WriteString("</w:style>")
	}
	size := func(half int) string { return fmt.Sprintf(`<w:sz w:val="%[1]d"/><w:szCs w:val="%[1]d"/>`, half) }
	p := "paragraph"
	style(p, "Normal", "Normal", "", "", "", "")
	style(p, "Title", "Title", "Normal", "Normal", `<w:spacing w:after="240" w:line="240" w:lineRule="auto"/>`, "<w:b/><w:bCs/>"+size(48))
	for level := range 6 {
		half := []int{36, 30, 26, 24, 22, 22}[level]
		extra := ""
		if level == 5 {
			extra = "<w:i/><w:iCs/>"
		}
		n := strconv.Itoa(level + 1)
		style(p, "Heading"+n, "heading "+n, "Normal", "Normal",
			fmt.Sprintf(`<w:keepNext/><w:keepLines/><w:spacing w:before="%d" w:after="100"/><w:outlineLvl w:val="%d"/>`, 360-level*40, level), "<w:b/><w:bCs/>"+extra+size(half))
	}
	style(p, "ListParagraph", "List Paragraph", "Normal", "", `<w:spacing w:after="140"/><w:ind w:left="567"/><w:contextualSpacing/>`, "")
	style(p, "ListContinue", "List Continue", "Normal", "", `<w:spacing w:after="60"/><w:ind w:left="567"/>`, "")
	style(p, "Quote", "Quote", "Normal", "", `<w:pBdr><w:left w:val="single" w:sz="18" w:space="12" w:color="808080"/></w:pBdr><w:ind w:left="567" w:right="567"/>`, "<w:i/><w:iCs/>")
	style(p, "Callout", "Callout", "Normal", "", `<w:pBdr><w:top w:val="single" w:sz="6" w:space="6" w:color="595959"/><w:left w:val="single" w:sz="6" w:space="8" w:color="595959"/><w:bottom w:val="single" w:sz="6" w:space="6" w:color="595959"/><w:right w:val="single" w:sz="6" w:space="8" w:color="595959"/></w:pBdr><w:shd w:val="clear" w:color="auto" w:fill="F2F2F2"/><w:ind w:left="227" w:right="227"/>`, "")
	style(p, "Code", "Code", "Normal", "", `<w:shd w:val="clear" w:color="auto" w:fill="F2F2F2"/><w:spacing w:line="240" w:lineRule="auto"/>`, `<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/><w:noProof/>`+size(20))
	style(p, "HorizontalLine", "Horizontal Line", "Normal", "Normal", `<w:pBdr><w:bottom w:val="single" w:sz="8" w:space="1" w:color="808080"/></w:pBdr><w:spacing w:before="120" w:after="240"/>`, size(12))
	style(p, "Figure", "Figure", "Normal", "Caption", `<w:spacing w:before="120" w:after="80" w:line="240" w:lineRule="auto"/>`, "")
	style(p, "Caption", "caption", "Normal", "Normal", `<w:spacing w:after="240" w:line="240" w:lineRule="auto"/>`, "<w:i/><w:iCs/>"+size(20))
	style(p, "FootnoteText", "footnote text", "Normal", "", `<w:spacing w:after="0" w:line="240" w:lineRule="auto"/>`, size(20))
	style(p, "TableEnd", "Table End", "Normal", "Normal", `<w:spacing w:after="120" w:line="120" w:lineRule="exact"/>`, size(8))
	for _, id := range slices.Sorted(maps.Keys(w.styles)) {
		own, indent := w.styles[id], ""
		if n, err := strconv.Atoi(id[len(own.base):]); err == nil && n > 1 && own.base != "Figure" {
			indent = fmt.Sprintf(`<w:ind w:left="%d"/>`, n*indentStep)
		}
		style(p, id, own.name, own.base, "", indent, "")
	}
	c := "character"
	style(c, "Hyperlink", "Hyperlink", "", "", "", `<w:color w:val="0B5394"/><w:u w:val="single"/>`)
	style(c, "CodeText", "Code Text", "", "", "", `<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/><w:noProof/>`)
	style(c, "FootnoteReference", "footnote reference", "", "", "", `<w:vertAlign w:val="superscript"/>`)
	b.WriteString(`<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>`)
	b.WriteString(`<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/><w:pPr><w:spacing w:before="40" w:after="40" w:line="240" w:lineRule="auto"/></w:pPr><w:tblPr><w:tblBorders>`)
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		fmt.Fprintf(&b, `<w:%s w:val="single" w:sz="4" w:space="0" w:color="808080"/>`, side)
	}
	b.WriteString(`</w:tblBorders></w:tblPr><w:tblStylePr w:type="firstRow"><w:rPr><w:b/><w:bCs/></w:rPr><w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="E7E6E6"/></w:tcPr></w:tblStylePr></w:style></w:styles>`)
	return b.String()
}

// bidiLanguage is the language of text that is written from right to left.
func bidiLanguage(language string) string {
	base, _, _ := strings.Cut(language, "-")
	switch base {
	case "ar", "he", "fa", "ur", "ps", "yi", "dv", "syr":
		return language
	}
	return "ar-SA"
}
