package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-jsonnet"
)

// More sources than this are forgotten together: each build of a repo makes new ones that nobody asks for again.
const maxSources = 8192

// sources is an Importer whose files stay the same for as long as a VM has it, as a VM demands; what an import leads to
// may change from program to program, for which a VM keeps no values of an earlier one. It looks files up as
// jsonnet.FileImporter does, among those of one program.
type sources struct {
	known       map[string]jsonnet.Contents
	inputs      map[string]bool
	importPaths []string
	// The folders above the inputs: to import one is an error, as where nothing else is there.
	folders map[string]bool
}

func newSources() *sources {
	return &sources{known: map[string]jsonnet.Contents{}}
}

// admit makes the files of a program those that imports find. It returns false where the VM knows one of them with
// other contents, or too many: both need to begin anew.
func (s *sources) admit(inputs, importPaths []string) bool {
	if len(s.known) > maxSources {
		return false
	}
	s.inputs = make(map[string]bool, len(inputs))
	s.folders = map[string]bool{}
	s.importPaths = importPaths
	for _, input := range inputs {
		path := filepath.Clean(input)
		s.inputs[path] = true
		for folder := filepath.Dir(path); !s.folders[folder]; folder = filepath.Dir(folder) {
			s.folders[folder] = true
		}
	}
	for path, contents := range s.known {
		if !s.has(path) {
			continue
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, contents.Data()) {
			return false
		}
	}
	return true
}

// has says whether a path is of the program's files, or in one of its folders.
func (s *sources) has(path string) bool {
	for {
		if s.inputs[path] {
			return true
		}
		parent := filepath.Dir(path)
		if parent == path || parent == "." {
			return false
		}
		path = parent
	}
}

// Import implements jsonnet.Importer.
func (s *sources) Import(importedFrom, importedPath string) (jsonnet.Contents, string, error) {
	folder, _ := filepath.Split(importedFrom)
	contents, at, err := s.tryFolder(folder, importedPath)
	for i := len(s.importPaths) - 1; at == "" && err == nil && i >= 0; i-- {
		contents, at, err = s.tryFolder(s.importPaths[i], importedPath)
	}
	if at == "" && err == nil {
		// In the words of jsonnet.FileImporter: who expects a message need not know which of them ran.
		err = fmt.Errorf("couldn't open import %#v: no match locally or in the Jsonnet library paths", importedPath)
	}
	return contents, at, err
}

func (s *sources) tryFolder(folder, importedPath string) (jsonnet.Contents, string, error) {
	path := filepath.Clean(importedPath)
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, importedPath)
	}
	if !s.has(path) && !s.folders[path] {
		return jsonnet.Contents{}, "", nil
	}
	if contents, isKnown := s.known[path]; isKnown {
		return contents, path, nil
	}
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return jsonnet.Contents{}, "", nil
	}
	if err != nil {
		return jsonnet.Contents{}, "", err
	}
	s.known[path] = jsonnet.MakeContentsRaw(data)
	return s.known[path], path, nil
}

// imported is the code that imports a path.
func imported(how, path string) string {
	return fmt.Sprintf("%s @'%s'", how, strings.ReplaceAll(path, "'", "''"))
}
