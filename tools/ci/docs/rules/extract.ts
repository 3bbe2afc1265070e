// The public names of .bzl files with all that is documented of them. What lacks documentation is an error, all at once.
import { ToolError } from '../../../lib/errors.ts';
import type { Module, Workspace } from '../starlark/modules.ts';
import { isKind } from '../starlark/operations.ts';
import { position, type Statement } from '../starlark/syntax.ts';
import { type ExtensionValue, type ProviderValue, type RuleValue, shown, type Value } from '../starlark/values.ts';
import { dedent } from './docstring.ts';
import { macroSymbol } from './macro_symbol.ts';
import type {
  ConstantSymbol,
  ExtensionSymbol,
  ProviderSymbol,
  PublicFile,
  PublicSymbol,
  RulesModel,
  RuleSymbol,
} from './model.ts';
import { attributeParameters, identity, type Problems } from './parameters.ts';
import { splitType } from './types.ts';

/** A table of sub-targets: a dict of struct(doc = …). */
export interface SubtargetTable {
  readonly of: readonly string[];
  readonly path: string;
  readonly table: string;
}

/** Reads what `paths` export. Throws DOCS_UNDOCUMENTED with all that has no documentation, or no type. */
export function extractModel(
  workspace: Workspace,
  paths: readonly string[],
  tables: readonly SubtargetTable[] = [],
): RulesModel {
  const found: string[] = [];
  const problems: Problems = { add: (place, what) => found.push(`${position(place)}: ${what}`) };
  const names = publicNames(workspace, paths);
  const files = paths.map((path) => publicFile(workspace.module(path), names, problems));
  if (found.length > 0) {
    throw new ToolError(
      'DOCS_UNDOCUMENTED',
      `Describing rules: ${found.length} things are not told\n${found.join('\n')}`,
      {
        hint: 'Write what is missing into the docstring, or the `doc` of the attribute.',
      },
    );
  }
  const subtargets = tables.map(({ of, path, table }) => ({ of, entries: tableEntries(workspace, path, table) }));
  return { files, subtargets };
}

function exportsOf(
  module: Module,
): readonly { readonly name: string; readonly statement: Statement; readonly value: Value }[] {
  return module.statements.flatMap((statement) => {
    if ((statement.kind !== 'assign' && statement.kind !== 'def') || statement.name.startsWith('_')) return [];
    const binding = module.workspace.binding(module, statement.name) ?? { module, statement };
    return [
      { name: statement.name, statement: binding.statement, value: module.workspace.value(binding, statement.name) },
    ];
  });
}

function publicNames(workspace: Workspace, paths: readonly string[]): ReadonlyMap<unknown, string> {
  return new Map(
    paths.flatMap((path) =>
      exportsOf(workspace.module(path)).map(({ name, value }) => [identity(value), name] as const),
    ),
  );
}

function publicFile(module: Module, names: ReadonlyMap<unknown, string>, problems: Problems): PublicFile {
  const start = { source: module, from: 0 };
  if (module.docstring === undefined) problems.add(start, 'the file has no docstring');
  for (const statement of module.statements)
    if (statement.kind === 'other') problems.add(statement, 'this statement has a form that is not known');
  const [, folder = '', name = ''] = /^(.*)\/([^/]+)$/.exec(module.path) ?? [];
  return {
    label: `@fathom//${folder}:${name}`,
    doc: dedent(module.docstring ?? ''),
    symbols: exportsOf(module).map(({ name: symbol, statement, value }): PublicSymbol => {
      if (isKind(value, 'function')) return macroSymbol(symbol, value, names, problems);
      if (isKind(value, 'rule')) return ruleSymbol(symbol, value, problems);
      if (isKind(value, 'extension')) return extensionSymbol(symbol, value, problems);
      if (isKind(value, 'provider')) return providerSymbol(symbol, value, problems);
      return constantSymbol(symbol, statement, value, problems);
    }),
  };
}

function ruleSymbol(name: string, value: RuleValue, problems: Problems): RuleSymbol {
  if (!value.doc?.trim()) problems.add(value.at, `${name} has no doc`);
  const kind = value.isRepository
    ? 'repository rule'
    : value.isTest
      ? 'test rule'
      : value.isExecutable
        ? 'executable rule'
        : 'rule';
  return {
    kind,
    name,
    doc: dedent(value.doc ?? ''),
    parameters: attributeParameters(name, value, problems),
    environ: value.environ,
  };
}

function extensionSymbol(name: string, value: ExtensionValue, problems: Problems): ExtensionSymbol {
  if (!value.doc?.trim()) problems.add(value.at, `${name} has no doc`);
  const tags = [...value.tags].map(([tag, of]) => {
    if (!of.doc?.trim()) problems.add(of.at, `${name}.${tag} has no doc`);
    return { name: tag, doc: dedent(of.doc ?? ''), parameters: attributeParameters(`${name}.${tag}`, of, problems) };
  });
  return { kind: 'module extension', name, doc: dedent(value.doc ?? ''), tags };
}

function providerSymbol(name: string, value: ProviderValue, problems: Problems): ProviderSymbol {
  if (!value.doc?.trim()) problems.add(value.at, `${name} has no doc`);
  const parameters = [...value.fields].map(([field, text = '']) => {
    const { type, doc } = splitType(text.replaceAll(/\s*\n\s*/g, ' '));
    if (type === undefined)
      problems.add(value.at, `field ${name}.${field} must begin with its type, as in \`string: what it is\``);
    else if (doc.trim() === '') problems.add(value.at, `field ${name}.${field} has a type and no meaning`);
    return { name: field, type: type ?? '', fallback: undefined, doc };
  });
  return { kind: 'provider', name, doc: dedent(value.doc ?? ''), parameters };
}

function constantSymbol(name: string, statement: Statement, value: Value, problems: Problems): ConstantSymbol {
  const above = statement.source.text.slice(0, statement.from);
  const comment = /(?:^#.*\n)+$/m.exec(above)?.[0] ?? '';
  const doc = comment.replaceAll(/^# ?/gm, '').trim();
  if (doc === '') problems.add(statement, `${name} has no comment above it`);
  return { kind: 'constant', name, doc, value: shown(value) };
}

function tableEntries(workspace: Workspace, path: string, table: string) {
  const module = workspace.module(path);
  const binding = workspace.binding(module, table);
  const value = binding === undefined ? null : workspace.value(binding, table);
  return [...(isKind(value, 'dict') ? value.entries : [])].map(([name, entry]) => {
    const doc = isKind(entry, 'struct') ? entry.fields.get('doc') : undefined;
    if (typeof doc !== 'string')
      throw new ToolError('DOCS_UNDOCUMENTED', `Describing ${path}: ${table}.${name} has no doc`, {
        hint: 'Write it: what the verb does, in a sentence.',
      });
    return { name, doc };
  });
}
