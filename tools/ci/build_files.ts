// BUILD files that other workspaces load: they name no repository that only this workspace has.

/** What every workspace has beside what tools/repositories.bzl declares: Bazel's own, and the environments, which are its own. */
const EVERYWHERE = ['bazel_tools', 'fathom_environments', 'platforms'];

/** Its environments: another workspace has others, which it tells Fathom of. */
const OWN_CONSTANTS = '//:cluster_constants.bzl';

/** The repositories that .bzl files declare: what they call `name`, and the keys of a table of their attributes. */
export function declaredRepositories(...sources: readonly string[]): ReadonlySet<string> {
  const text = sources.join('\n');
  const names = [
    ...text.matchAll(/(?:\bname = |"name": )"([a-z0-9_]+)"/g),
    ...text.matchAll(/^ {4}"(\w+)": (?:\{|dict\()/gm),
  ];
  return new Set([...EVERYWHERE, ...names.map(([, name = '']) => name)]);
}

/** The statements of a BUILD file, without comments: each begins in the first column, as buildifier writes them. */
function statements(text: string): readonly string[] {
  return text
    .replaceAll(/^\s*#.*$/gm, '')
    .split(/\n(?=[\w[])/)
    .filter((statement) => statement.trim() !== '');
}

const isOfTests = (statement: string): boolean =>
  /^\[?\w*_test\(/.test(statement) || /\btestonly = True\b/.test(statement);

/** What a BUILD file names outside of tests: the labels in its targets, in its loads, and in what these take from constants. */
export function usedLabels(text: string): readonly string[] {
  const all = statements(text);
  if (all.some((statement) => /\bdefault_testonly = True\b/.test(statement))) return [];
  const constants = all.flatMap((statement) => {
    const [, name] = /^(\w+) = /.exec(statement) ?? [];
    return name === undefined ? [] : [{ name, statement }];
  });
  const used = all.filter(
    (statement) => !constants.some((constant) => constant.statement === statement) && !isOfTests(statement),
  );
  for (const statement of used)
    for (const constant of constants)
      if (!used.includes(constant.statement) && new RegExp(`\\b${constant.name}\\b`).test(statement))
        used.push(constant.statement);
  return used.flatMap((statement) => [...statement.matchAll(/"(@{0,2}\w*\/\/[^"]*)"/g)].map(([, label = '']) => label));
}

/** The labels of a BUILD file, or of a .bzl file that it loads, which another workspace does not have. */
export function foreignLabels(text: string, declared: ReadonlySet<string>): readonly string[] {
  return usedLabels(text).filter((label) => {
    const repository = /^@+(\w+)\/\//.exec(label)?.[1];
    return label === OWN_CONSTANTS || (repository !== undefined && !declared.has(repository));
  });
}
