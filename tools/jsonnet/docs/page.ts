// The page about a Jsonnet library, as Markdown. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { Library } from './functions.ts';

/** A parameter as `t.required` and `t.optional` describe it. */
export interface Parameter {
  readonly doc: string;
  readonly isRequired: boolean;
  readonly defaultText?: string;
  readonly type: { readonly is: string; readonly parameters?: Parameters };
}
type Parameters = Readonly<Record<string, Parameter>>;

/** Parameters that several components have. */
export interface Shared {
  readonly title: string;
  readonly doc: string;
  readonly parameters: Parameters;
}

/** What a component says of itself. */
export interface Component {
  readonly kind: string;
  readonly doc: string;
  readonly notes: readonly string[];
  readonly parameters: Parameters;
  /** Role → when there is such an object. */
  readonly roles: Readonly<Record<string, string>>;
}

/** The whole description. */
export interface Description {
  readonly title: string;
  /** Paragraphs, Markdown. */
  readonly intro: readonly string[];
  readonly shared: readonly Shared[];
  readonly components: readonly Component[];
}

/** A parameter's line and, indented below it, those of its fields. What is owed comes first. */
function parameterLines(parameters: Parameters, indent = ''): string[] {
  const entries = Object.entries(parameters).toSorted(([, a], [, b]) => Number(b.isRequired) - Number(a.isRequired));
  return entries.flatMap(([name, { doc, isRequired, defaultText, type }]) => {
    const fallback = isRequired ? '**must be given**' : `default: ${shownDefault(defaultText ?? 'null')}`;
    const line = `${indent}- \`${name}\`: ${type.is}; ${fallback}. ${doc}`;
    return [line, ...(type.parameters === undefined ? [] : parameterLines(type.parameters, `${indent}  `))];
  });
}

/** Values of Jsonnet are code, words are not. */
function shownDefault(text: string): string {
  if (text === 'null') return 'none';
  return /^[["{\d]|^(true|false)$/.test(text) ? `\`${text}\`` : text;
}

/** The groups of which a component has all parameters as they are, and those that are its own. */
function split(component: Component, shared: readonly Shared[]) {
  const { parameters } = component;
  const groups = shared.filter((group) => Object.keys(group.parameters).every((name) => name in parameters));
  const isShared = ([name, parameter]: readonly [string, Parameter]) =>
    groups.some((group) => isDeepStrictEqual(group.parameters[name], parameter));
  const own = Object.fromEntries(Object.entries(parameters).filter((entry) => !isShared(entry)));
  return { groups, own };
}

function anchor(title: string): string {
  return `#${title.toLowerCase().replaceAll(' ', '-')}`;
}

function componentSection(component: Component, shared: readonly Shared[]): string[] {
  const { kind, doc, roles, notes } = component;
  const { groups, own } = split(component, shared);
  const links = groups.map(({ title }) => `[${title}](${anchor(title)})`);
  return [
    `### ${kind}`,
    doc,
    'What it makes:',
    Object.entries(roles)
      .map(([role, when]) => `- \`${role}\`: ${when}`)
      .join('\n'),
    `Parameters${links.length === 0 ? '' : `, beside ${links.join(' and ')}`}:`,
    parameterLines(own).join('\n'),
    ...notes.map((note) => note.trimEnd()),
  ];
}

function librarySection({ name, doc, functions }: Library): string[] {
  return [`### ${name}`, doc, functions.map(({ signature, doc: text }) => `- \`${signature}\`: ${text}`).join('\n')];
}

/** The page. `update` is the command that writes it. */
export function page(
  description: Description,
  { libraries, update }: { readonly libraries: readonly Library[]; readonly update: string },
): string {
  const { title, intro, shared, components } = description;
  const paragraphs = [
    `# ${title}`,
    `<!-- Made from the sources by \`${update}\`. -->`,
    ...intro.map((text) => text.trimEnd()),
    '## Components',
    ...components.flatMap((component) => componentSection(component, shared)),
    '## Parameters that several components have',
    ...shared.flatMap((group) => [`### ${group.title}`, group.doc, parameterLines(group.parameters).join('\n')]),
    '## Functions',
    ...libraries.flatMap(librarySection),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}
