// One Jsonnet program, rendered by different engines: once for all its files, or once for each.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runfile } from '../../tools/lib/runfiles.ts';

const run = promisify(execFile);

export interface EnginesOptions {
  /** The checkout whose Jsonnet library is used. */
  readonly fathom: string;
  readonly rounds: number;
  /** Further engines, as `name=program`; they understand go-jsonnet's command line. */
  readonly others: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Services in the heavy program: as many objects as a monitoring stack has, and more. */
const SERVICES = 100;

// One function of an environment and a number; rendered for all numbers at once, or for each.
const PROGRAM = `local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';
local environment = { name: 'dev', namespace: 'dev', registry: 'r', replicas: 2, provides: [] };
local one(index) = k.files(service({
  name: 'service-%d' % index,
  environment: environment,
  image: 'r/services/service',
  ports: { grpc: 8080 },
  servicePorts: { grpc: 8080 },
}));
function(first, last) std.foldl(
  function(files, index) files + { ['%d-%s' % [index, file]]: objects[file] for objects in [one(index)] for file in std.objectFields(objects) },
  std.range(first, last),
  {},
)
`;

/** Seconds by engine: the median of the rounds. */
export async function compareEngines({ fathom, rounds, others, env }: EnginesOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-render-'));
  try {
    const program = join(folder, 'program.jsonnet');
    await writeFile(program, PROGRAM);
    const engines = [
      ['go-jsonnet', runfile((env['JSONNET'] ?? '').replace(/^(\.\.|external)\//, ''))] as const,
      ...others.map(parseEngine),
    ];
    const rows = [];
    let expected: string | undefined;
    for (const [name, path] of engines) {
      const render = async (first: number, last: number) => {
        const target = await mkdtemp(join(folder, 'out-'));
        const range = ['--tla-code', `first=${first}`, '--tla-code', `last=${last}`];
        await run(path, ['-J', fathom, ...range, '-m', target, program], { maxBuffer: 1 << 26 });
        return target;
      };
      const text = await contentsOf(await render(0, SERVICES - 1));
      expected ??= text;
      rows.push({
        engine: name,
        isSameOutput: text === expected,
        oneServiceSeconds: await median(rounds, () => render(0, 0)),
        allInOneProcessSeconds: await median(rounds, () => render(0, SERVICES - 1)),
        aProcessEachSeconds: await median(1, async () => {
          for (let index = 0; index < SERVICES; index++) await render(index, index);
        }),
      });
    }
    return { services: SERVICES, rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parseEngine(text: string): readonly [string, string] {
  const [name = '', ...path] = text.split('=');
  return [name, path.join('=')];
}

async function contentsOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  const values = await Promise.all(
    names.map(async (name) => [name, JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown]),
  );
  return JSON.stringify(values);
}

async function median(rounds: number, work: () => Promise<unknown>): Promise<number> {
  const seconds = [];
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    await work();
    seconds.push((performance.now() - startMs) / 1000);
  }
  return Math.round((seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? Number.NaN) * 1000) / 1000;
}
