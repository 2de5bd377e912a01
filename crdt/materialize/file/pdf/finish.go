package pdf

import (
	"fmt"
	"strings"
)

// finish puts the file together.
func (l *layout) finish() []byte {
	o := &l.objects
	for i, p := range l.pages { // before typefaces, which know what was written by then
		number := fmt.Sprintf("%d / %d", i+1, len(l.pages))
		width := l.fonts[regular].width(number) * 9 / 1000
		fmt.Fprintf(&p.content, "/Artifact << /Type /Pagination /Subtype /Footer >> BDC\n%sEMC\n",
			show(regular, 9, (pageWidth-width)/2, margin/2, l.fonts[regular].encode(number)))
		p.number = o.reserve()
	}
	var fonts strings.Builder
	for f, font := range l.fonts {
		if len(font.characters) > 0 {
			fmt.Fprintf(&fonts, "/F%d %d 0 R ", f, o.font(font, "Parley"+faceNames[f]))
		}
	}
	tree := o.reserve()
	document := l.root.write(o, l.pages, tree)
	parents := l.writePages(fonts.String())
	o.set(tree, "<< /Type /StructTreeRoot /K [%d 0 R] /ParentTree << /Nums [%s] >> /ParentTreeNextKey %d >>", document, parents.pairs.String(), parents.next)
	language := l.document.Language
	if language == "" {
		language = "en"
	}
	kids := make([]int, len(l.pages))
	for i, p := range l.pages {
		kids[i] = p.number
	}
	o.set(parents.root, "<< /Type /Pages /Kids %s /Count %d >>", references(kids), len(kids))
	root := o.add("<< /Type /Catalog /Pages %d 0 R /Lang %s /MarkInfo << /Marked true >> /StructTreeRoot %d 0 R /ViewerPreferences << /DisplayDocTitle true >>%s >>",
		parents.root, text(language), tree, l.writeOutline())
	info := o.add("<< /Title %s /Producer (Parley) >>", text(l.document.Title))
	return o.file(root, info)
}

// parentTree says to which element each marked piece and each link belongs.
type parentTree struct {
	root  int // of the pages
	next  int
	pairs strings.Builder
}

func (l *layout) writePages(fonts string) *parentTree {
	o := &l.objects
	t := &parentTree{root: o.reserve()}
	for _, p := range l.pages {
		content := o.stream(p.content.Bytes(), "")
		fmt.Fprintf(&t.pairs, "%d %s ", t.next, references(p.owners))
		own := t.next
		t.next++
		var links []int
		for _, a := range p.links {
			links = append(links, a.object)
			o.set(a.object, "<< %s /StructParent %d /P %d 0 R >>", o.list[a.object-1], t.next, p.number)
			fmt.Fprintf(&t.pairs, "%d %d 0 R ", t.next, a.owner.number)
			t.next++
		}
		var pictures strings.Builder
		for _, x := range p.x {
			fmt.Fprintf(&pictures, "/X%d %[1]d 0 R ", x)
		}
		o.set(p.number, "<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources << /Font << %s>> /XObject << %s>> >> /StructParents %d /Tabs /S /Annots %s >>",
			t.root, pageWidth, pageHeight, content, fonts, pictures.String(), own, references(links))
	}
	return t
}

// writeOutline writes the headings, for the pane beside the pages.
func (l *layout) writeOutline() string {
	if len(l.outline) == 0 {
		return ""
	}
	o := &l.objects
	root := o.reserve()
	numbers := make([]int, len(l.outline))
	for i := range numbers {
		numbers[i] = o.reserve()
	}
	for i, h := range l.outline {
		beside := ""
		if i > 0 {
			beside += fmt.Sprintf(" /Prev %d 0 R", numbers[i-1])
		}
		if i+1 < len(numbers) {
			beside += fmt.Sprintf(" /Next %d 0 R", numbers[i+1])
		}
		o.set(numbers[i], "<< /Title %s /Parent %d 0 R /Dest [%d 0 R /XYZ 0 %.2f 0]%s >>", text(h.text), root, l.pages[h.page].number, h.y, beside)
	}
	o.set(root, "<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>", numbers[0], numbers[len(numbers)-1], len(numbers))
	return fmt.Sprintf(" /Outlines %d 0 R", root)
}
