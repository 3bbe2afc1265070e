// Jsonnet: go-jsonnet's own linter, which finds unused variables, wrong types and fields that aren't there.
import { runfile } from '../../lib/runfiles.ts';
import { runLinter, type Finding } from './finding.ts';

const PATTERN = /\.(jsonnet|libsonnet)$/;

/** The build makes some files that are imported, and fails where an import is really missing. */
const MADE_BY_BUILDS = /^couldn't open import /;

/** What jsonnet-lint finds in those of `paths` that are Jsonnet. */
export async function jsonnetLint(workspace: string, paths: readonly string[]): Promise<readonly Finding[]> {
  const files = paths.filter((path) => PATTERN.test(path));
  // Of two files with one name the last folder's counts: an example may have decoys of those of the checkout.
  const examples = new Set(files.flatMap((path) => /^examples\/[^/]+/.exec(path)?.[0] ?? []));
  const folders = [...examples, '.'].flatMap((folder) => ['-J', folder]);
  const { stderr } = await runLinter(runfile('go_jsonnet/bin/jsonnet-lint'), [...folders, '--', ...files], {
    cwd: workspace,
    highestCode: 2,
  });
  return parseJsonnetLint(stderr).filter(({ message }) => !MADE_BY_BUILDS.test(message));
}

/** `path:1:2-3 message`, or `path:(1:2)-(4:5) message` for what is longer than a line; source lines are between them. */
export function parseJsonnetLint(output: string): readonly Finding[] {
  return [...output.matchAll(/^([^\s:]+):\(?(\d+):\d+\S* (.*)$/gm)].map(([, path = '', line, message = '']) => ({
    path,
    line: Number(line),
    rule: 'jsonnet-lint',
    message,
  }));
}
