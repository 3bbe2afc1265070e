// Programs of others that tests start.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The path of the program that a variable of the environment names: a path, or a runfile. */
export function programOf(variable: string): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} must be the path of the program`);
  // $(location) of an external program is below external/, its runfile is not.
  const runfiles = process.env['RUNFILES_DIR'];
  const external = path.split('external/').at(-1) ?? path;
  const found = [resolve(path), ...(runfiles === undefined ? [] : [join(runfiles, external)])].find((one) =>
    existsSync(one),
  );
  if (found === undefined) throw new Error(`${variable}: there is no ${path}`);
  return found;
}
