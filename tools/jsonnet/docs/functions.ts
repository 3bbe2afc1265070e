// The functions of a Jsonnet library and what is written above them. The formatter's output is law, so that lines will do.
import { ToolError } from '../../lib/errors.ts';

/** A file that returns an object of functions. */
export interface Library {
  /** Its path from the root of the workspace. */
  readonly name: string;
  /** The comment at its top. */
  readonly doc: string;
  readonly functions: readonly LibraryFunction[];
}

/** One function of it. */
export interface LibraryFunction {
  /** Name and parameters: `port(service, portName)`. */
  readonly signature: string;
  readonly doc: string;
}

/** A public function at the top of the object: two spaces, a name, parameters, two colons. */
const FUNCTION = /^ {2}([a-z]\w*)\(([^()]*)\)::/gm;

/** The comment lines that end at the end of `text`, as one paragraph. */
function commentAbove(text: string): string {
  const lines = text.trimEnd().split('\n').toReversed();
  const end = lines.findIndex((line) => !/^ *\/\/ /.test(line));
  return (end < 0 ? lines : lines.slice(0, end))
    .toReversed()
    .map((line) => line.replace(/^ *\/\/ /, ''))
    .join(' ');
}

/** Reads a library. Throws JSONNET_UNDOCUMENTED for a function, or a file, with no comment above it. */
export function readLibrary(name: string, text: string): Library {
  const undocumented = (what: string) =>
    new ToolError('JSONNET_UNDOCUMENTED', `Describing ${name}: ${what} has no comment above it`, {
      hint: 'Write a line `// Returns …` above it.',
    });
  const top = /^(\/\/ .*\n)+/.exec(text)?.[0];
  if (top === undefined) throw undocumented('the file');
  const functions = [...text.matchAll(FUNCTION)].map(({ 1: called = '', 2: parameters = '', index }) => {
    const doc = commentAbove(text.slice(0, index));
    if (doc === '') throw undocumented(called);
    return { signature: `${called}(${parameters.trim().replace(/,$/, '').replaceAll(/\s+/g, ' ')})`, doc };
  });
  return { name, doc: commentAbove(top), functions };
}
