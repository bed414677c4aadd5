package main

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
)

// findUndocumented wants a comment on every exported identifier of a package
// that others can import, and a doc.go in each package.
func findUndocumented(r *repository) ([]finding, error) {
	documented := map[string]bool{}
	var folders []source
	found, err := r.everySource(func(s source) []finding {
		if s.test() || s.syntax.Name.Name == "main" {
			return nil
		}
		if path.Base(s.path) == "doc.go" && s.syntax.Doc != nil {
			documented[s.folder()] = true
		}
		if len(folders) == 0 || folders[len(folders)-1].folder() != s.folder() {
			folders = append(folders, s)
		}
		if s.generated() || isInternal(s.folder()) {
			return nil
		}
		return undocumented(s)
	})
	reported := map[string]bool{}
	for _, s := range folders {
		if !documented[s.folder()] && !reported[s.folder()] {
			reported[s.folder()] = true
			found = append(found, finding{file: s.folder(), text: "has no package comment in a doc.go"})
		}
	}
	return found, err
}

func undocumented(s source) []finding {
	var found []finding
	for _, d := range s.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
				found = append(found, s.at(d.Pos(), "has no comment: %s", funcName(d)))
			}
		case *ast.GenDecl:
			found = append(found, undocumentedSpecs(s, d)...)
		}
	}
	return found
}

func undocumentedSpecs(s source, d *ast.GenDecl) []finding {
	var found []finding
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if !spec.Name.IsExported() {
				continue
			}
			if spec.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
				found = append(found, s.at(spec.Pos(), "has no comment: type %s", spec.Name.Name))
			}
			found = append(found, undocumentedMethods(s, spec)...)
		case *ast.ValueSpec:
			// A comment on the group speaks for its members.
			if spec.Doc != nil || spec.Comment != nil || d.Doc != nil {
				continue
			}
			for _, name := range spec.Names {
				if name.IsExported() {
					found = append(found, s.at(name.Pos(), "has no comment: %s %s", d.Tok, name.Name))
				}
			}
		}
	}
	return found
}

// undocumentedMethods looks into an interface. One comment may speak for the
// methods that follow it without an empty line, and that of an interface for
// its only method.
func undocumentedMethods(s source, spec *ast.TypeSpec) []finding {
	port, ok := spec.Type.(*ast.InterfaceType)
	if !ok || len(port.Methods.List) == 1 {
		return nil
	}
	var found []finding
	spoken, last := false, 0
	for _, m := range port.Methods.List {
		if len(m.Names) == 0 {
			continue // embedded
		}
		commented := m.Doc != nil || m.Comment != nil
		spoken = commented || (spoken && s.line(m.Pos()) == last+1)
		last = s.line(m.End())
		if !spoken && m.Names[0].IsExported() {
			found = append(found, s.at(m.Pos(), "has no comment: method %s.%s", spec.Name.Name, m.Names[0].Name))
		}
	}
	return found
}

// exportedReceiver reports whether users can call it: a function, or a method
// of a type that they can name.
func exportedReceiver(d *ast.FuncDecl) bool {
	name := receiver(d)
	return name == "" || token.IsExported(name)
}

// receiver returns the name of the receiver's type; empty for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func funcName(d *ast.FuncDecl) string {
	return strings.TrimPrefix(receiver(d)+"."+d.Name.Name, ".")
}
