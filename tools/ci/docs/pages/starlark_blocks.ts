// Starlark of pages: rules that there are, with attributes that they have, loaded from where they are.
import type { PublicSymbol, RulesModel } from '../rules/model.ts';
import { COMMON_TYPES, RUN_ATTRIBUTES } from '../rules/types.ts';
import { pathOfLabel } from '../starlark/modules.ts';
import { type Call, type Expression, partsOf, type Statement } from '../starlark/syntax.ts';
import { extensionProblems } from './extension_blocks.ts';
import { starlarkIn } from './kinds.ts';
import { type Block, place } from './page.ts';

/** Functions of Bazel's own that pages use. */
const OF_MODULES = ['archive_override', 'bazel_dep', 'module', 'use_extension', 'use_repo'];
const NATIVE = new Set(['dict', 'glob', 'package', 'select', 'toolchain', ...OF_MODULES]);

/** What Starlark of pages is checked by. */
export interface KnownStarlark {
  readonly rules: RulesModel;
  readonly exists: (path: string) => boolean;
}

/** The names that blocks of a page load from repositories that they have declared. */
export function loadedElsewhere(statements: readonly Statement[]): readonly string[] {
  return statements.flatMap((statement) =>
    statement.kind === 'load' && pathOfLabel(statement.label, '') === undefined
      ? statement.names.map(({ local }) => local)
      : [],
  );
}

/** What is wrong with a block; `elsewhere` has the names that the page's blocks load from other repositories. */
export function starlarkProblems(
  block: Block,
  elsewhere: ReadonlySet<string>,
  known: KnownStarlark,
): readonly string[] {
  const statements = starlarkIn(block.text, block.path) ?? [];
  const leavesOut = /^\s*…$/m.test(block.text);
  const ofModules = extensionProblems(statements, statements.flatMap(callsIn), { ...known, leavesOut });
  return statements
    .flatMap((statement) =>
      statement.kind === 'load'
        ? loadProblems(statement, known)
        : callsIn(statement).flatMap((call) => callProblems(call, { elsewhere, leavesOut, known })),
    )
    .concat(ofModules)
    .map((problem) => `${place(block)}: ${problem}`);
}

function loadProblems(
  { label, names }: Extract<Statement, { kind: 'load' }>,
  { rules, exists }: KnownStarlark,
): readonly string[] {
  const path = pathOfLabel(label, '');
  if (path === undefined) return [];
  const file = rules.files.find((one) => pathOfLabel(one.label, '') === path);
  if (file === undefined) return exists(path) ? [] : [`there is no ${label}`];
  return names
    .filter(({ exported }) => !file.symbols.some(({ name }) => name === exported))
    .map(({ exported }) => `${label} has no ${exported}`);
}

/** All calls of a statement. */
export function callsIn(statement: Statement): readonly Call[] {
  const within = (at: Expression): readonly Call[] => [
    ...(at.kind === 'call' ? [at] : []),
    ...partsOf(at).flatMap(within),
  ];
  return statement.kind === 'assign' || statement.kind === 'expression' ? within(statement.value) : [];
}

function callProblems(
  { callee, args }: Call,
  { elsewhere, leavesOut, known }: { elsewhere: ReadonlySet<string>; leavesOut: boolean; known: KnownStarlark },
): readonly string[] {
  if (callee.kind !== 'name' || elsewhere.has(callee.name) || NATIVE.has(callee.name)) return [];
  const symbol = symbolOf(callee.name, known.rules);
  if (
    symbol === undefined ||
    symbol.kind === 'constant' ||
    symbol.kind === 'provider' ||
    symbol.kind === 'module extension'
  )
    return [`there is no rule ${callee.name}`];
  const given = new Set(args.flatMap(({ name }) => name ?? []));
  const accepted = acceptedBy(symbol, known.rules);
  const unknown = [...given]
    .filter((name) => !accepted.has(name))
    .map((name) => `${callee.name} has no attribute ${name}`);
  const missing = symbol.parameters
    .filter(({ name, fallback }) => fallback === undefined && !given.has(name) && !leavesOut)
    .map(({ name }) => `${callee.name} must be given ${name}`);
  return [...unknown, ...(args.some(({ spread }) => spread === '**') ? [] : missing)];
}

function symbolOf(name: string, { files }: RulesModel): PublicSymbol | undefined {
  return files
    .flatMap(({ symbols }) => symbols)
    .find((symbol) => symbol.name === name && symbol.kind !== 'module extension');
}

/** The names of all attributes that a rule or macro takes. */
export function acceptedBy(symbol: PublicSymbol, rules: RulesModel): ReadonlySet<string> {
  if (symbol.kind === 'constant' || symbol.kind === 'module extension') return new Set();
  const own = symbol.parameters.map(({ name }) => name);
  if (symbol.kind !== 'macro') return new Set([...own, ...COMMON_TYPES.keys(), ...RUN_ATTRIBUTES]);
  if (symbol.more === undefined) return new Set(own);
  own.push(...symbol.ignored);
  const others = symbol.handsOnTo.flatMap((name) => {
    const other = symbolOf(name, rules);
    return other === undefined ? [] : [...acceptedBy(other, rules)];
  });
  return new Set([...own, ...others, ...COMMON_TYPES.keys()]);
}
