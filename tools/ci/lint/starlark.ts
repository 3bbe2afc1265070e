// BUILD and .bzl files: buildifier's own list of warnings, without those that don't fit.
import { join } from 'node:path';
import { runLinter, type Finding } from './finding.ts';
import { packageFolder } from './tree.ts';

/** Warnings that are off, each with its reason. */
const OFF = [
  // What may load what is the table of tools/README.md, which //tools/ci:layers_test enforces.
  'bzl-visibility',
  // A macro that declares repositories or a fixed set of targets has no name to give them.
  'unnamed-macro',
];

// The BUILD files of rules_k8s that this example moves over are shown as they were; docs/from_rules_k8s.md has the line that
// they need from Bazel 9 on. All else loads what Bazel 9 has no more, by the warnings `native-…`.
const SHOWN_AS_IT_WAS = { path: 'examples/from_rules_k8s/deploy/BUILD.bazel', warning: 'native-sh-binary' };

const PATTERN = /(\.bzl|(^|\/)(BUILD|WORKSPACE|MODULE)(\.bazel)?)$/;

/** What buildifier finds in those of `paths` that are Starlark; with `fix` it mends there what it can. */
export async function buildifier(
  workspace: string,
  paths: readonly string[],
  { fix }: { readonly fix: boolean },
): Promise<readonly Finding[]> {
  const files = paths.filter((path) => PATTERN.test(path));
  const machine = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const program = join(await packageFolder('@bazel/buildifier'), `buildifier-${machine}`);
  const without = (names: readonly string[]) => `--warnings=${names.map((name) => `-${name}`).join(',')}`;
  const mended = without([...OFF, SHOWN_AS_IT_WAS.warning]);
  if (fix) await runLinter(program, ['--lint=fix', mended, ...files], { cwd: workspace, highestCode: 4 });
  // 4: there are warnings, or files that the formatter would change, which is another check's affair.
  const { stdout } = await runLinter(
    program,
    ['--mode=check', '--lint=warn', '--format=json', without(OFF), ...files],
    {
      cwd: workspace,
      highestCode: 4,
    },
  );
  return parseBuildifier(stdout).filter(
    ({ path, rule }) => path !== SHOWN_AS_IT_WAS.path || rule !== `buildifier/${SHOWN_AS_IT_WAS.warning}`,
  );
}

interface BuildifierReport {
  readonly files: readonly {
    readonly filename: string;
    readonly warnings: readonly {
      readonly start: { readonly line: number };
      readonly category: string;
      readonly message: string;
    }[];
  }[];
}

/** The findings of a report as JSON. */
export function parseBuildifier(json: string): readonly Finding[] {
  return (JSON.parse(json) as BuildifierReport).files.flatMap(({ filename, warnings }) =>
    warnings.map(({ start, category, message }) => ({
      path: filename,
      line: start.line,
      rule: `buildifier/${category}`,
      message: message.split('\n')[0] ?? '',
    })),
  );
}
