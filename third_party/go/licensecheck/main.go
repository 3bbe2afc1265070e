// Command licensecheck says under which licences modules are: it looks at their licence files with Google's
// licensecheck, as pkg.go.dev does.
//
// Usage: licensecheck FILE, where FILE is JSON: name → folder. It prints JSON: name → SPDX expression; a module whose
// licence it does not recognise is left out.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/google/licensecheck"
)

// What `go mod vendor` keeps beside the packages, of which these say how the module is licensed.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._].*)?$`)

// Share of a file, in percent, that must be known text: the rest is names, years and headings.
const leastCoverage = 75

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: licensecheck FILE")
	}
	request, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var folders map[string]string
	if err := json.Unmarshal(request, &folders); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	licences := map[string]string{}
	for name, folder := range folders {
		expression, err := licenceOf(folder)
		if err != nil {
			return err
		}
		if expression != "" {
			licences[name] = expression
		}
	}
	return json.NewEncoder(os.Stdout).Encode(licences)
}

// licenceOf returns the SPDX expression for the licence files in a folder: all of them hold. A file may have several
// licences as well. Empty: there is no such file, or one that is not recognised.
func licenceOf(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	found := map[string]bool{}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !licenceFile.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return "", err
		}
		coverage := licensecheck.Scan(text)
		if coverage.Percent < leastCoverage {
			return "", nil
		}
		for _, match := range coverage.Match {
			found[match.ID] = true
		}
	}
	ids := make([]string, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return strings.Join(ids, " AND "), nil
}
