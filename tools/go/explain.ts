// Why go failed, as what its reader can mend. Which imports are missing go says as data, and that decides.
import { ToolError } from '../lib/errors.ts';
import type { GoOutcome } from './go_command.ts';
import type { CompileRequest } from './request.ts';

/** A package as `go list -e -json=ImportPath,Dir,Error` prints it. */
interface ListedPackage {
  readonly ImportPath: string;
  readonly Dir?: string;
  readonly Error?: { readonly Pos?: string; readonly Err?: string };
}

/** An import of which go knows no package, and the line that has it. */
export interface MissingImport {
  readonly path: string;
  /** `services/x/main.go:9:2`. */
  readonly position: string;
}

/** The imports that lead nowhere, out of what `go list` printed: objects one after the other. */
export function missingImports(listed: string): MissingImport[] {
  const objects = listed.split(/(?<=^\})\n/m).filter((text) => text.trim() !== '');
  return objects
    .map((text) => JSON.parse(text) as ListedPackage)
    .filter((one) => one.Error !== undefined && one.Dir === undefined)
    .map((one) => ({ path: one.ImportPath, position: one.Error?.Pos ?? 'the sources' }));
}

/** GO_IMPORT_MISSING with the command or edit that mends it. */
export function missingImportError(missing: readonly MissingImport[], request: CompileRequest): ToolError {
  const { label, lock, list, importPath } = request;
  const own = missing.filter(({ path }) => path === importPath || path.startsWith(`${importPath}/`));
  const others = missing.filter((one) => !own.includes(one)).map(({ path }) => path);
  const targets = own.map(({ path }) => `//${path.slice(importPath.length + 1)}`);
  const hints = [
    ...(own.length > 0 ? [`Name the targets of ${targets.join(', ')} in 'deps' of ${label}.`] : []),
    ...(others.length > 0
      ? [
          `Add \`import _ "${others[0]}"\` to ${list}, then run \`bazel run @fathom//tools/packages:go_pin -- ${lock}\`, ` +
            'with `<module>@<version>` for a version other than the newest.',
        ]
      : []),
  ];
  const lines = missing.map(({ path, position }) => `\n${position}: no package ${path}`);
  return new ToolError('GO_IMPORT_MISSING', `Compiling ${label}: imports lead nowhere:${lines.join('')}`, {
    hint: hints.join(' '),
  });
}

/** GO_COMPILE_FAILED with go's own lines, which begin with file and line. */
export function compileError(doing: string, label: string, { status, stdout, stderr }: GoOutcome): ToolError {
  const said = `${stderr}${stdout}`.trim() || `go ended with ${status ?? 'a signal'}`;
  return new ToolError('GO_COMPILE_FAILED', `${doing} ${label}:\n${said}`, {
    hint: 'Correct the sources at the lines above.',
  });
}
