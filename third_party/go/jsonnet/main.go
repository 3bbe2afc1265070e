// jsonnet-evaluator evaluates Jsonnet programs one after the other, each as the program `jsonnet` would: for build tools
// that go on running. What several programs import is parsed once, and its values are computed once where they are the
// same: a recursion that just exceeds the limit of the stack may pass where another program has computed a part.
// On stdin and stdout are lines of JSON: a request, its response, the next request. It ends with its input.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/go-jsonnet"
)

type request struct {
	// The program, and all paths: from the folder that this process works in.
	Source string `json:"source"`
	// Where imports are looked up besides the importing file's folder; the last one wins.
	ImportPaths []string `json:"importPaths"`
	// What there is for this program: files, and folders with all that is in them. It finds no others.
	Inputs []string   `json:"inputs"`
	Values []variable `json:"values"`
	// Whether each field of the value is an output.
	Multi bool `json:"multi"`
}

type variable struct {
	// ext-str, ext-code, tla-str, tla-code; with -file after it Value is a path.
	Flag  string `json:"flag"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

type response struct {
	// Outputs by name; that of a single one is ''.
	Files map[string]string `json:"files"`
	// Why there are none, with the places in the sources.
	Error string `json:"error,omitempty"`
	// What std.trace told.
	Trace string `json:"trace,omitempty"`
}

func main() {
	requests := make(chan request)
	go readRequests(os.Stdin, requests)
	evaluator := newEvaluator()
	responses := json.NewEncoder(os.Stdout)
	responses.SetEscapeHTML(false)
	for one := range requests {
		if err := responses.Encode(evaluator.evaluate(one)); err != nil {
			fail(err)
		}
	}
}

// Whoever asked may be gone before a program is done, which may never be: the end of the input ends that as well.
func readRequests(input io.Reader, requests chan<- request) {
	decoder := json.NewDecoder(input)
	for {
		var one request
		switch err := decoder.Decode(&one); err {
		case nil:
			requests <- one
		case io.EOF:
			os.Exit(0)
		default:
			fail(fmt.Errorf("reading a request: %w", err))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

type evaluator struct {
	vm      *jsonnet.VM
	sources *sources
	// Whether values that the VM has kept are of use to the next program.
	hasValues bool
}

func newEvaluator() *evaluator {
	one := &evaluator{vm: jsonnet.MakeVM(), sources: newSources()}
	one.vm.Importer(one.sources)
	return one
}

func (e *evaluator) evaluate(one request) response {
	admission := e.sources.admit(one.Inputs, one.ImportPaths)
	if admission == losesAll {
		*e = *newEvaluator()
		e.sources.admit(one.Inputs, one.ImportPaths)
	}
	if admission == losesValues || !e.hasValues {
		e.vm.ExtReset()
		e.sources.followed = map[string]map[string]string{}
	}
	e.vm.TLAReset()
	outcome := e.evaluateFile(one)
	// What a file traced, and what it made of external variables, is for one program. After a failure there is no need.
	e.hasValues = outcome.Error == "" && outcome.Trace == "" && !hasExternal(one.Values)
	return outcome
}

func hasExternal(values []variable) bool {
	for _, value := range values {
		if strings.HasPrefix(value.Flag, "ext-") {
			return true
		}
	}
	return false
}

func (e *evaluator) evaluateFile(one request) response {
	for _, value := range one.Values {
		if err := e.set(value); err != nil {
			return response{Error: err.Error()}
		}
	}
	var trace bytes.Buffer
	e.vm.SetTraceOut(&trace)
	files := map[string]string{}
	var err error
	if one.Multi {
		files, err = e.vm.EvaluateFileMulti(one.Source)
	} else {
		files[""], err = e.vm.EvaluateFile(one.Source)
	}
	if err != nil {
		return response{Error: err.Error(), Trace: trace.String()}
	}
	return response{Files: files, Trace: trace.String()}
}

func (e *evaluator) set(value variable) error {
	switch value.Flag {
	case "ext-str":
		e.vm.ExtVar(value.Name, value.Value)
	case "ext-code":
		e.vm.ExtCode(value.Name, value.Value)
	case "ext-str-file":
		e.vm.ExtCode(value.Name, imported("importstr", value.Value))
	case "ext-code-file":
		e.vm.ExtCode(value.Name, imported("import", value.Value))
	case "tla-str":
		e.vm.TLAVar(value.Name, value.Value)
	case "tla-code":
		e.vm.TLACode(value.Name, value.Value)
	case "tla-str-file":
		e.vm.TLACode(value.Name, imported("importstr", value.Value))
	case "tla-code-file":
		e.vm.TLACode(value.Name, imported("import", value.Value))
	default:
		return fmt.Errorf("variable %q: unknown flag %q", value.Name, value.Flag)
	}
	return nil
}
