// Module extensions of pages: those that there are, and their tags with attributes that they have.
import type { ExtensionSymbol, RulesModel } from '../rules/model.ts';
import { pathOfLabel } from '../starlark/modules.ts';
import type { Call, Statement } from '../starlark/syntax.ts';

/** What is told of the extensions of one block. */
export interface KnownExtensions {
  readonly rules: RulesModel;
  readonly exists: (path: string) => boolean;
  /** Whether the block leaves something out. */
  readonly leavesOut: boolean;
}

const USE = 'use_extension';

/** What is wrong with the extensions of a block's statements, and with their tags; `calls` are all calls of it. */
export function extensionProblems(
  statements: readonly Statement[],
  calls: readonly Call[],
  known: KnownExtensions,
): readonly string[] {
  const used = calls.flatMap((call) => (isUse(call) ? useProblems(call, known) : []));
  const variables = new Map(
    statements.flatMap((statement) =>
      statement.kind === 'assign' && statement.value.kind === 'call' && isUse(statement.value)
        ? [[statement.name, extensionOf(statement.value, known.rules)] as const]
        : [],
    ),
  );
  return [...used, ...calls.flatMap((call) => tagProblems(call, variables, known))];
}

const isUse = ({ callee }: Call) => callee.kind === 'name' && callee.name === USE;

/** The two texts that use_extension is given. */
function namesOf({ args }: Call): readonly (string | undefined)[] {
  return args.slice(0, 2).map(({ value }) => (value.kind === 'string' ? value.value : undefined));
}

const extensionsOf = ({ files }: RulesModel, isOf: (label: string) => boolean): readonly ExtensionSymbol[] =>
  files
    .filter(({ label }) => isOf(label))
    .flatMap(({ symbols }) => symbols.filter((symbol) => symbol.kind === 'module extension'));

function extensionOf(call: Call, rules: RulesModel): ExtensionSymbol | undefined {
  const [label = '', name] = namesOf(call);
  const path = pathOfLabel(label, '');
  return extensionsOf(rules, (of) => path !== undefined && pathOfLabel(of, '') === path).find(
    (one) => one.name === name,
  );
}

function useProblems(call: Call, { rules, exists }: KnownExtensions): readonly string[] {
  const [label = '', name = ''] = namesOf(call);
  const path = pathOfLabel(label, '');
  if (path === undefined || extensionOf(call, rules) !== undefined) return [];
  // What is no public file is not told of, such as the extensions of Fathom's own MODULE.bazel.
  const isPublic = rules.files.some((file) => pathOfLabel(file.label, '') === path);
  if (isPublic) return [`${label} has no extension ${name}`];
  return exists(path) ? [] : [`there is no ${label}`];
}

function tagProblems(
  { callee, args }: Call,
  variables: ReadonlyMap<string, ExtensionSymbol | undefined>,
  { rules, leavesOut }: KnownExtensions,
): readonly string[] {
  if (callee.kind !== 'member' || callee.object.kind !== 'name') return [];
  const variable = callee.object.name;
  // A block may use what another one declares: by the name that all pages give it, the extension's own.
  const extension = variables.has(variable)
    ? variables.get(variable)
    : extensionsOf(rules, () => true).find(({ name }) => name === variable);
  if (extension === undefined) return [];
  const shown = `${variable}.${callee.name}`;
  const tag = extension.tags.find(({ name }) => name === callee.name);
  if (tag === undefined) return [`${extension.name} has no tag ${callee.name}`];
  const given = new Set(args.flatMap(({ name }) => name ?? []));
  const unknown = [...given].filter((name) => !tag.parameters.some((parameter) => parameter.name === name));
  const missing = tag.parameters.filter(({ name, fallback }) => fallback === undefined && !given.has(name));
  return [
    ...unknown.map((name) => `${shown} has no attribute ${name}`),
    ...(leavesOut ? [] : missing.map(({ name }) => `${shown} must be given ${name}`)),
  ];
}
