// One Jsonnet program, rendered by different engines, once for all its files: what Fathom uses is go-jsonnet.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GARBAGE_PERCENT } from '../../tools/jsonnet/render.ts';
import { runfile } from '../../tools/lib/runfiles.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';

const run = promisify(execFile);
const ENDS_WITHIN_MS = 300_000;

/** Services in the heavy program: as many objects as a monitoring stack has, and more. */
export const SERVICES = 100;

// One function of an environment and a number; rendered for all numbers at once.
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

/** Renders. */
export interface Engine {
  readonly name: string;
  /** It is not asked to render more services. */
  readonly most: number;
  /** Renders the first services, and resolves to the seconds that it took. */
  render(services: number): Promise<number>;
}

/** go-jsonnet, and the engines that it is compared with, after all have made the same; `fathom` is the checkout. */
export async function createEngines(
  folder: string,
  fathom: string,
): Promise<{ readonly ours: Engine; readonly peers: readonly Engine[] }> {
  const program = join(folder, 'program.jsonnet');
  await writeFile(program, PROGRAM);
  /** Their own processor time counts alone: whoever uses them need not do so from Python. */
  const python = (name: string) => async (range: readonly string[], out: string) => {
    const args = [name, fathom, program, ...range, out];
    const { stdout } = await run(runfile('fathom/bench/render/engine'), args, { timeout: ENDS_WITHIN_MS });
    const seconds = Number(stdout.trim() || Number.NaN);
    if (Number.isNaN(seconds)) throw new Error(`${name} does not say what it took: ${stdout}`);
    return seconds;
  };
  /** The whole process, from its start to its end. */
  const goJsonnet = async ([first = '', last = '']: readonly string[], out: string) => {
    const range = ['--tla-code', `first=${first}`, '--tla-code', `last=${last}`];
    const startMs = performance.now();
    await run(peerPath('JSONNET'), ['-J', fathom, ...range, '-m', out, program], {
      env: { ...process.env, GOGC: GARBAGE_PERCENT },
      timeout: ENDS_WITHIN_MS,
      maxBuffer: 1 << 26,
    });
    return (performance.now() - startMs) / 1000;
  };
  const engines = [
    { name: 'go-jsonnet', work: goJsonnet, most: SERVICES },
    { name: 'jrsonnet by rjsonnet 0.5.6, its own processor time', work: python('rjsonnet'), most: SERVICES },
    // A hundred take it minutes.
    { name: 'C++ by jsonnet 0.22.0, its own processor time', work: python('jsonnet'), most: 1 },
  ] as const;
  const expected = new Map<number, string>();
  const made: Engine[] = [];
  for (const { name, work, most } of engines) {
    const render = async (services: number, see: (out: string) => Promise<void>) => {
      const out = await mkdtemp(join(folder, 'out-'));
      try {
        const seconds = await work(['0', `${services - 1}`], out);
        await see(out);
        return seconds;
      } finally {
        await rm(out, { recursive: true, force: true });
      }
    };
    for (const services of new Set([1, most])) {
      await render(services, async (out) => {
        const text = await contentsOf(out);
        const first = expected.get(services) ?? text;
        expected.set(services, first);
        if (text !== first) throw new Error(`${name} has made something else than ${engines[0].name}`);
      });
    }
    made.push({ name, most, render: (services) => render(services, async () => {}) });
  }
  const [ours, ...peers] = made;
  if (ours === undefined) throw new Error('There are no engines');
  return { ours, peers };
}

async function contentsOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  const values = await Promise.all(
    names.map(async (name) => [name, JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown]),
  );
  return JSON.stringify(values);
}
