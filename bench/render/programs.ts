// What all engines render: services as a generator writes them, each by a program of its own or all by one.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonnetSource } from '../testbed/services.ts';

/** Services in the large program: as many objects as a monitoring stack has, and more. */
export const SERVICES = 100;

/** The argument of each program. */
export const ENVIRONMENT = "{ name: 'dev', namespace: 'dev', registry: 'r', replicas: 2, provides: [] }";

/** Writes them into a folder; resolves to their paths. */
export async function writePrograms(
  folder: string,
): Promise<{ readonly each: readonly string[]; readonly all: string }> {
  const names = Array.from({ length: SERVICES }, (_, index) => `service-${index}`);
  const each = names.map((name) => join(folder, `${name}.jsonnet`));
  for (const [index, name] of names.entries()) {
    const source = jsonnetSource(name, undefined).replace(
      'function(environment, deps)',
      'function(environment, deps={})',
    );
    await writeFile(each[index] ?? '', source);
  }
  const all = join(folder, 'all.jsonnet');
  const fields = names.map((name) => `  '${name}': import '${name}.jsonnet',\n`).join('');
  await writeFile(
    all,
    `local services = {\n${fields}};\nlocal rendered(environment) = [
  { name: name, files: services[name](environment) }
  for name in std.objectFields(services)
];
function(environment) {
  [service.name + '-' + file]: service.files[file]
  for service in rendered(environment)
  for file in std.objectFields(service.files)
}\n`,
  );
  return { each, all };
}
