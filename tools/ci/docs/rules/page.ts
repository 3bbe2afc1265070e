// The page about rules: a table of contents, a section for each folder of tools/, in it each public name.
import GithubSlugger from 'github-slugger';
import type { MacroSymbol, Parameter, PublicFile, PublicSymbol, RulesModel, Tag } from './model.ts';

/** The command that writes the page; the test prints it. */
export const UPDATE = 'bazel run //docs:update';

/** The text of docs/rules.md. */
export function rulesPage(model: RulesModel): string {
  const anchors = new Map<string, string>();
  const slugger = new GithubSlugger();
  const folders = byFolder(model.files);
  const heading = (level: string, title: string, name: string) => {
    anchors.set(name, slugger.slug(title));
    return `${level} ${title}`;
  };
  slugger.slug('Rules');
  const sections = [...folders].map(([folder, files]) =>
    [
      heading('##', folder, folder),
      ...files.flatMap((file) => [
        `\`${isOfModules(file) ? 'use_extension' : 'load'}("${file.label}", …)\`: ${prose(file.doc)}`,
        ...sorted(file.symbols).flatMap((symbol) => [
          heading('###', titleOf(symbol), titleOf(symbol)),
          ...symbolParts(symbol, model),
        ]),
      ]),
    ].join('\n\n'),
  );
  const contents = [...folders].map(([folder, files]) => {
    const names = files.flatMap(({ symbols }) =>
      sorted(symbols).map((symbol) => `[${titleOf(symbol)}](#${anchors.get(titleOf(symbol)) ?? ''})`),
    );
    return `- [${folder}](#${anchors.get(folder) ?? ''}): ${names.join(', ')}`;
  });
  const text = [INTRODUCTION, contents.join('\n'), ...sections].join('\n\n');
  return `${text.replaceAll(/\]\(symbol:(\w+)\)/g, (_all, name: string) => `](#${anchors.get(name) ?? ''})`)}\n`;
}

const INTRODUCTION = `# Rules

Every public rule, macro, repository rule, module extension, provider and constant, from the docstrings: \`${UPDATE}\` writes this page, and
\`bazel test //docs:rules_test\` fails where it is not what they say.

Of each parameter the page has type, default and meaning; one without a default must be given. Beside them all rules
have a \`name\` and [what Bazel gives every rule](https://bazel.build/reference/be/common-definitions): \`visibility\`, \`tags\`,
\`testonly\` and the like. In this repository itself labels begin with \`//\` in place of \`@fathom//\`.`;

const isOfModules = ({ symbols }: PublicFile) => symbols.some(({ kind }) => kind === 'module extension');

/** An extension may have the name of a rule. */
const titleOf = ({ kind, name }: PublicSymbol) => (kind === 'module extension' ? `${name} (${kind})` : name);

function byFolder(files: readonly PublicFile[]): ReadonlyMap<string, readonly PublicFile[]> {
  const folders = new Map<string, PublicFile[]>();
  for (const file of files) {
    const folder = file.label.slice('@fathom//'.length).split(':')[0] ?? '';
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return new Map([...folders].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const KINDS = [
  'macro',
  'rule',
  'executable rule',
  'test rule',
  'repository rule',
  'module extension',
  'provider',
  'constant',
];
const group = ({ kind }: PublicSymbol) => Math.max(0, KINDS.indexOf(kind) - KINDS.indexOf('repository rule'));

/** What is called in BUILD files first, then providers, then constants. */
const sorted = (symbols: readonly PublicSymbol[]) =>
  symbols.toSorted((one, other) => group(one) - group(other) || (one.name < other.name ? -1 : 1));

const LISTED = {
  macro: 'Parameters:',
  rule: 'Attributes:',
  'executable rule': 'Attributes:',
  'test rule': 'Attributes:',
  'repository rule': 'Attributes:',
  provider: 'Fields:',
} as const;

function symbolParts(symbol: PublicSymbol, { subtargets }: RulesModel): readonly string[] {
  const parts = [`*${symbol.kind}*`, prose(symbol.doc)];
  if (symbol.kind === 'constant') return [...parts, `    ${symbol.name} = ${symbol.value}`];
  if (symbol.kind === 'module extension')
    return [...parts, ...symbol.tags.flatMap((tag) => tagParts(symbol.name, tag))];
  for (const table of subtargets) {
    if (!table.of.includes(symbol.name)) continue;
    parts.push('To run:', table.entries.map(({ name, doc }) => `- \`<name>.${name}\` ${prose(doc)}`).join('\n'));
  }
  const lines = symbol.parameters.map((parameter) => parameterLine(parameter, symbol.kind === 'provider'));
  if (symbol.kind === 'macro' && symbol.more !== undefined)
    lines.push(`- **\`**kwargs\`**: ${prose(symbol.more)}${handedOn(symbol.handsOnTo)}`);
  // The words before it keep the list apart from one that ends the documentation.
  if (lines.length > 0) parts.push(LISTED[symbol.kind], lines.join('\n'));
  if (symbol.kind === 'macro') parts.push(...othersParts(symbol));
  if (symbol.kind === 'macro' && symbol.returns !== undefined) parts.push(`Returns ${prose(symbol.returns)}`);
  if (symbol.kind === 'repository rule' && symbol.environ.length > 0)
    parts.push(
      `Fetched anew when one of these variables changes: ${symbol.environ.map((name) => `\`${name}\``).join(', ')}.`,
    );
  return parts;
}

function tagParts(extension: string, { name, doc, parameters }: Tag): readonly string[] {
  const lines = parameters.map((parameter) => parameterLine(parameter, false));
  return [`\`${extension}.${name}(…)\`: ${prose(doc)}`, lines.join('\n')];
}

function parameterLine({ name, type, fallback, doc }: Parameter, isField: boolean): string {
  const must = fallback === undefined ? '**must be given**' : `default \`${fallback}\``;
  return `- **\`${name}\`** (${prose(type)}${isField ? '' : `, ${must}`}): ${prose(doc)}`;
}

/** Attributes of other rule sets. */
function othersParts({ ignored, refused }: MacroSymbol): readonly string[] {
  const listed = (names: readonly (readonly [name: string, ...unknown[]])[]) =>
    names.map(([name]) => `\`${name}\``).join(', ');
  const accepted = ignored.toSorted().map((name) => [name] as const);
  const instead = Map.groupBy(
    [...refused].toSorted(([one], [other]) => (one < other ? -1 : 1)),
    ([, text]) => text,
  );
  return [
    ...(accepted.length > 0 ? [`Accepted, and of no effect: ${listed(accepted)}.`] : []),
    ...(instead.size > 0
      ? ['Not accepted:', [...instead].map(([text, names]) => `- ${listed(names)}: ${prose(text)}`).join('\n')]
      : []),
  ];
}

function handedOn(names: readonly string[]): string {
  return names.length === 0 ? '' : ` See ${names.map((name) => `[${name}](symbol:${name})`).join(' and ')}.`;
}

/** Outside of code, what begins with `<` would be taken for HTML, and `*` for emphasis. */
function prose(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith('    ') ? line : escaped(line)))
    .join('\n');
}

function escaped(line: string): string {
  const bullet = /^ *[*-] /.exec(line)?.[0] ?? '';
  const parts = line.slice(bullet.length).split(/(`[^`]*`)/);
  return (
    bullet + parts.map((part) => (part.startsWith('`') ? part : linked(part.replaceAll(/[<*]/g, '\\$&')))).join('')
  );
}

/** Pages are beside this one. */
const linked = (text: string) => text.replaceAll(/\bdocs\/(\w+\.md)/g, '[$&]($1)');
