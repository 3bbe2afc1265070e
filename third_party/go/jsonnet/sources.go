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
// may change from program to program. It looks files up as jsonnet.FileImporter does, among those of one program.
type sources struct {
	known       map[string]jsonnet.Contents
	inputs      map[string]bool
	importPaths []string
	// The folders above the inputs: to import one is an error, as where nothing else is there.
	folders map[string]bool
	// What imports have led to since the VM has kept values: importing file, imported path, file.
	followed map[string]map[string]string
}

func newSources() *sources {
	return &sources{known: map[string]jsonnet.Contents{}, followed: map[string]map[string]string{}}
}

// What is left of earlier programs for one with other files.
type admission int

const (
	// All: what is known of its files is as true as if it was the first one.
	keepsAll admission = iota
	// An import leads elsewhere, so that values of the files that it is in are others.
	losesValues
	// A file has other contents, or there are too many. Parsed sources cannot be taken out of a VM one by one.
	losesAll
)

// admit makes the files of a program those that imports find.
func (s *sources) admit(inputs, importPaths []string) admission {
	if len(s.known) > maxSources {
		return losesAll
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
			return losesAll
		}
	}
	for file, imports := range s.followed {
		if !s.has(file) {
			continue
		}
		for importedPath, before := range imports {
			if at, err := s.find(file, importedPath); err != nil || at != before {
				return losesValues
			}
		}
	}
	return keepsAll
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
	path, err := s.find(importedFrom, importedPath)
	if err != nil {
		return jsonnet.Contents{}, "", err
	}
	if _, isKnown := s.known[path]; !isKnown {
		data, err := os.ReadFile(path)
		if err != nil {
			return jsonnet.Contents{}, "", err
		}
		s.known[path] = jsonnet.MakeContentsRaw(data)
	}
	// Of what no file imports, a program or an argument, no value is kept.
	if importedFrom != "" {
		if s.followed[importedFrom] == nil {
			s.followed[importedFrom] = map[string]string{}
		}
		s.followed[importedFrom][importedPath] = path
	}
	return s.known[path], path, nil
}

func (s *sources) find(importedFrom, importedPath string) (string, error) {
	folder, _ := filepath.Split(importedFrom)
	if path := join(folder, importedPath); s.exists(path) {
		return path, nil
	}
	for i := len(s.importPaths) - 1; i >= 0; i-- {
		if path := join(s.importPaths[i], importedPath); s.exists(path) {
			return path, nil
		}
	}
	// In the words of jsonnet.FileImporter: who expects a message need not know which of them ran.
	return "", fmt.Errorf("couldn't open import %#v: no match locally or in the Jsonnet library paths", importedPath)
}

func join(folder, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(folder, path)
}

func (s *sources) exists(path string) bool {
	if s.inputs[path] || s.folders[path] {
		return true
	}
	if !s.has(path) {
		return false
	}
	_, err := os.Stat(path)
	return !os.IsNotExist(err)
}

// imported is the code that imports a path.
func imported(how, path string) string {
	return fmt.Sprintf("%s @'%s'", how, strings.ReplaceAll(path, "'", "''"))
}
