// The .bzl files of a workspace, each read once, and what their names mean, also through loads.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../../../lib/errors.ts';
import { evaluate } from './evaluate.ts';
import { parseStarlark } from './parse.ts';
import { position, type Statement } from './syntax.ts';
import type { Value } from './values.ts';

/** What a name at the top of a file is. */
export interface Binding {
  readonly module: Module;
  /** `assign`, `def`, or the `load` of a file of another repository. */
  readonly statement: Statement;
}

/** One file. */
export interface Module {
  readonly workspace: Workspace;
  /** From the root of the workspace. */
  readonly path: string;
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly docstring: string | undefined;
}

/** All files, by path; a Starlark file is read when something first needs it. */
export class Workspace {
  readonly #modules = new Map<string, Module>();
  readonly #values = new Map<string, Value>();
  readonly #pending = new Set<string>();
  readonly #read: (path: string) => string;

  /** `read` returns a file's text by its path from the root of the workspace. */
  constructor(read: (path: string) => string) {
    this.#read = read;
  }

  module(path: string): Module {
    const known = this.#modules.get(path);
    if (known !== undefined) return known;
    const source = { path, text: this.#read(path) };
    const statements = parseStarlark(source);
    const [first] = statements;
    const docstring = first?.kind === 'expression' && first.value.kind === 'string' ? first.value.value : undefined;
    const module = { workspace: this, path, text: source.text, statements, docstring };
    this.#modules.set(path, module);
    return module;
  }

  /** What a name of a file is, followed through loads within the workspace, and `x = _x`. Undefined: it is none. */
  binding(module: Module, name: string): Binding | undefined {
    const found = module.statements.filter(
      (one) =>
        ((one.kind === 'assign' || one.kind === 'def') && one.name === name) ||
        (one.kind === 'load' && one.names.some(({ local }) => local === name)),
    );
    const [statement, again] = found;
    if (again !== undefined) {
      throw new ToolError('DOCS_UNRESOLVED', `Reading ${position(again)}: ${name} is defined twice`, {
        hint: 'Give the second one another name.',
      });
    }
    if (statement === undefined) return undefined;
    if (statement.kind === 'load') {
      const path = pathOfLabel(statement.label, module.path);
      if (path === undefined) return { module, statement };
      const exported = statement.names.find(({ local }) => local === name)?.exported ?? name;
      const other = this.binding(this.module(path), exported);
      if (other !== undefined) return other;
      throw new ToolError('DOCS_UNRESOLVED', `Reading ${position(statement)}: ${path} has no ${exported}`, {
        hint: 'Load a name that the file has.',
      });
    }
    if (statement.kind === 'assign' && statement.value.kind === 'name')
      return this.binding(module, statement.value.name) ?? { module, statement };
    return { module, statement };
  }

  /** The value of a name of a file. Throws DOCS_UNRESOLVED, with the place, where it can't be told. */
  value({ module, statement }: Binding, name: string): Value {
    if (statement.kind === 'def') return { kind: 'function', definition: statement, module };
    if (statement.kind !== 'assign') {
      throw new ToolError('DOCS_UNRESOLVED', `Reading ${position(statement)}: ${name} is of another repository`, {
        hint: 'Write it with literals and names of this repository: no other one is read.',
      });
    }
    const key = `${module.path}:${statement.name}`;
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    if (this.#pending.has(key))
      throw new ToolError('DOCS_UNRESOLVED', `Reading ${position(statement)}: ${name} is made of itself`, {
        hint: 'Make it of names that stand above it.',
      });
    this.#pending.add(key);
    try {
      const value = evaluate(statement.value, { module, locals: new Map() });
      this.#values.set(key, value);
      return value;
    } finally {
      this.#pending.delete(key);
    }
  }
}

/** The workspace in a folder. */
export const workspaceIn = (root: string) => new Workspace((path) => readFileSync(join(root, path), 'utf8'));

/** The file of a label in a `load` of `from`; undefined: one of another repository. */
export function pathOfLabel(label: string, from: string): string | undefined {
  const [, repository = '', path, name] = /^(@\w*)?(?:\/\/([^:]*))?:?(.*)$/.exec(label) ?? [];
  if (repository !== '' && repository !== '@fathom' && repository !== '@') return undefined;
  const folder = path ?? from.split('/').slice(0, -1).join('/');
  return folder === '' ? (name ?? '') : `${folder}/${name}`;
}
