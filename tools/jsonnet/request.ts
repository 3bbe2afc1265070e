// What the rules ask of an evaluation, and what comes of it.
import { readFile } from 'node:fs/promises';

/** A variable or top-level argument: `flag` is the Jsonnet program's, without the two dashes. */
interface Named {
  readonly flag: string;
  readonly name: string;
}

/** With a value; where the flag ends in `-file` it is a path. */
export interface Variable extends Named {
  readonly value: string;
}

/** What is rendered: a file, files that are fields of the value, a folder of them, or the outcome of a test. */
export type RenderOutput =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'files'; readonly files: readonly { readonly key: string; readonly path: string }[] }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'outcome'; readonly multiple: boolean };

/** What the rules ask for. */
export interface RenderRequest {
  readonly label: string;
  /** What helps to mend a failure, beside what is always said. Default: nothing. */
  readonly hint?: string;
  /** The program for one evaluation. */
  readonly compiler: string;
  /** The one for many. Empty: there is none, or it cannot do what this request asks for. */
  readonly evaluator: string;
  readonly source: string;
  readonly importPaths: readonly string[];
  readonly values: readonly (Variable & { readonly stamp: boolean })[];
  readonly envs: readonly Named[];
  readonly files: readonly (Named & { readonly path: string })[];
  /** Bazel's workspace status files: lines of `KEY value`. */
  readonly statusFiles: readonly string[];
  readonly yamlStream: boolean;
  readonly extraArgs: readonly string[];
  readonly output: RenderOutput;
  /** Where the outcome goes instead of an error. Empty: an error is an error. */
  readonly capture: string;
}

/** How an evaluation ended; `files` are its outputs by name, '' for that of a single one. */
export interface Outcome {
  readonly exitCode: number;
  /** What the Jsonnet program told: why it failed and where, and what `std.trace` told. */
  readonly message: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The variables and arguments of a request that have values. */
export async function variablesOf({ values, files, statusFiles }: RenderRequest): Promise<readonly Variable[]> {
  const texts = await Promise.all(statusFiles.map((file) => readFile(file, 'utf8')));
  const status = parseStatus(texts.join('\n'));
  return [
    ...values.map(({ flag, name, value, stamp: isStamped }) => {
      return { flag, name, value: isStamped ? stamp(value, status) : value };
    }),
    ...files.map(({ flag, name, path }) => ({ flag, name, value: path })),
  ];
}

/** `value` with each `{KEY}` that the status has replaced; other braces stay as they are. */
export function stamp(value: string, status: ReadonlyMap<string, string>): string {
  return value.replaceAll(/\{([A-Z][A-Z0-9_]*)\}/g, (braces, key: string) => status.get(key) ?? braces);
}

/** The entries of workspace status files. */
export function parseStatus(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [key = '', ...words] = line.split(' ');
      return [key, words.join(' ')];
    }),
  );
}
