// What all engines render: services as a generator writes them, by programs of their own in each environment or all by one;
// and a stack whose services have objectives, rules and dashboards.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonnetSource } from '../testbed/services.ts';

/** A program and its argument. */
export interface Program {
  /** Like no other's of those that are rendered together. */
  readonly name: string;
  readonly source: string;
  /** What it is and imports, without the library: what an action declares. */
  readonly inputs: readonly string[];
  /** An entry of ENVS, as Jsonnet. */
  readonly environment: string;
}

/** Services, each in every one of {@link ENVIRONMENTS}. */
export const SERVICES = 200;
export const ENVIRONMENTS = ['prod', 'staging', 'dev', 'test'];
/** Services of the program that has all of them. */
export const TOGETHER = 100;
/** Services of the monitoring stack: with their rules and dashboards, as much to compute as hundreds without. */
export const WATCHED = 20;
/** Of a small one, for an engine that takes minutes for the other. */
export const WATCHED_FEW = 2;

/** What an environment has that watches services: each gets rules and dashboards of its own form. */
const WATCHERS = ['grafana', 'prometheus-operator'];

/** The programs of {@link writePrograms}. */
export interface Programs {
  readonly each: readonly Program[];
  readonly together: Program;
  readonly watched: Program;
  readonly watchedFew: Program;
}

interface More {
  readonly imports?: readonly string[];
  readonly provides?: readonly string[];
}

/** Writes them into a folder. */
export async function writePrograms(folder: string): Promise<Programs> {
  const fileOf = (name: string) => join(folder, `${name}.jsonnet`);
  const names = Array.from({ length: SERVICES }, (_, index) => `service-${index}`);
  for (const name of names) {
    const source = jsonnetSource(name, undefined);
    await writeFile(fileOf(name), source.replace('(environment, deps)', '(environment, deps={})'));
  }
  const programOf = (name: string, environment: string, { imports = [], provides = [] }: More = {}): Program => ({
    name: `${name}-${environment}`,
    source: fileOf(name),
    inputs: [name, ...imports].map(fileOf),
    environment: `{ name: '${environment}', namespace: '${environment}', registry: 'r', replicas: 2, provides: ${JSON.stringify(provides)} }`,
  });
  const some = names.slice(0, TOGETHER);
  await writeFile(fileOf('together'), together(some));
  await writeFile(fileOf('watched'), watched(WATCHED));
  await writeFile(fileOf('watched_few'), watched(WATCHED_FEW));
  return {
    each: ENVIRONMENTS.flatMap((environment) => names.map((name) => programOf(name, environment))),
    together: programOf('together', 'dev', { imports: some }),
    watched: programOf('watched', 'dev', { provides: WATCHERS }),
    watchedFew: programOf('watched_few', 'dev', { provides: WATCHERS }),
  };
}

function together(names: readonly string[]): string {
  const fields = names.map((name) => `  '${name}': import '${name}.jsonnet',\n`).join('');
  return `local services = {\n${fields}};\nlocal rendered(environment) = [
  { name: name, files: services[name](environment) }
  for name in std.objectFields(services)
];
function(environment) {
  [service.name + '-' + file]: service.files[file]
  for service in rendered(environment)
  for file in std.objectFields(service.files)
}\n`;
}

function watched(count: number): string {
  return `local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local watched(number, environment) = {
  name: 'watched-%02d' % number,
  files: k.files(service({
    name: 'watched-%02d' % number,
    environment: environment,
    image: environment.registry + '/services/watched',
    ports: { grpc: 50051, metrics: 9464 },
    servicePorts: { grpc: 50051 },
    monitoring: {
      port: 'metrics',
      slos: { availability: { objective: 99.9 }, latency: { objective: 99, seconds: 0.25 } },
    },
  })),
};

function(environment) {
  [one.name + '-' + file]: one.files[file]
  for one in [watched(number, environment) for number in std.range(1, ${count})]
  for file in std.objectFields(one.files)
}
`;
}
