// Programs of others that tests start.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** The path of the program that a variable of the environment names: `$(location …)` in BUILD.bazel. */
export function programOf(variable: string): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} must be the path of the program`);
  if (!existsSync(path)) throw new Error(`${variable}: there is no ${path}`);
  return resolve(path);
}
