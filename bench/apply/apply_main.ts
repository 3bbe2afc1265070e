// `bazel run //bench/apply -- [--output FILE] [--rounds 5]`: Fathom's engine and kubectl, whole processes: a first apply,
// one that changes nothing, a diff, one change; and stacks of up to 5000 objects. Prints JSON. All on one API server, the
// contenders by turns, each on a namespace of its own.
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { runMain } from '../../tools/lib/cli.ts';
import { step, createLog } from '../../tools/lib/log.ts';
import { userPath } from '../../tools/lib/runfiles.ts';
import { startApiServer, type ApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { type Contender, type Verb, configMaps, fathom, kubectl } from './contenders.ts';
import { type Figures, type Sample, figuresOf, measure, round } from './measure.ts';

const OBJECTS = 300;
const SIZES = [1250, 2500, 5000];

interface Scenario {
  readonly name: string;
  readonly verb: Verb;
  /** How many objects differ from what was applied. */
  readonly changed: (round: number) => number;
}

// In this order, in every round, so that each finds what the one before has left.
const SCENARIOS: readonly Scenario[] = [
  { name: 'first apply', verb: 'apply', changed: () => 0 },
  { name: 'apply without changes', verb: 'apply', changed: () => 0 },
  { name: 'diff without changes', verb: 'diff', changed: () => 0 },
  { name: 'apply with one change', verb: 'apply', changed: () => 1 },
];

await runMain(async ({ argv, env }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: { output: { type: 'string' }, rounds: { type: 'string', default: '5' } },
  });
  const log = createLog();
  const server = await startApiServer();
  try {
    const [ours, serverSide] = [fathom(server), await kubectl(server, true)];
    const contenders = [ours, await kubectl(server, false), serverSide];
    const rounds = Math.max(1, Number(values.rounds) || 1);
    const compared = await step(`Comparing, ${rounds} rounds`, () => compare(server, contenders, rounds), { log });
    const sizes = await step('Growing to 5000 objects', () => grow(server, ours, serverSide), { log });
    const result = {
      ...{ benchmark: 'apply', server: 'kube-apiserver and etcd, loopback', objects: OBJECTS, rounds },
      machine: { cpus: cpus().length, memoryBytes: totalmem(), node: process.version },
      ...compared,
      sizes,
    };
    const text = `${JSON.stringify(result, null, 2)}\n`;
    if (values.output === undefined) process.stdout.write(text);
    else await writeFile(userPath(values.output, env), text);
  } finally {
    await server.stop();
  }
});

async function compare(server: ApiServer, contenders: readonly Contender[], rounds: number) {
  const samples = new Map<string, Sample[]>();
  for (let index = 0; index < rounds; index++) {
    for (const [place, contender] of contenders.entries()) {
      const namespace = `bench-${index}-${place}`;
      await makeNamespace(server, namespace);
      for (const { name, verb, changed } of SCENARIOS) {
        const objects = configMaps(OBJECTS, namespace, changed(index));
        const sample = await measure((onStart) => contender.run(verb, objects, onStart));
        const key = `${name}\n${contender.name}`;
        samples.set(key, [...(samples.get(key) ?? []), sample]);
      }
    }
  }
  const figures = (scenario: string, contender: string) => figuresOf(samples.get(`${scenario}\n${contender}`) ?? []);
  const results = Object.fromEntries(
    SCENARIOS.map(({ name }) => [
      name,
      Object.fromEntries(contenders.map((one) => [one.name, figures(name, one.name)])),
    ]),
  );
  return { results, ratios: ratiosOf(results) };
}

/** How many times as long as Fathom each other takes, by medians. */
function ratiosOf(results: Readonly<Record<string, Readonly<Record<string, Figures>>>>) {
  return Object.fromEntries(
    Object.entries(results).map(([scenario, { fathom: ours, ...others }]) => [
      scenario,
      Object.fromEntries(
        Object.entries(others).map(([name, { medianSeconds }]) => [
          name,
          Math.round((medianSeconds / (ours?.medianSeconds ?? Number.NaN)) * 10) / 10,
        ]),
      ),
    ]),
  );
}

/** First and second applies of stacks that grow, of which kubectl's second is the yardstick. */
async function grow(server: ApiServer, ours: Contender, yardstick: Contender) {
  const rows = [];
  for (const count of SIZES) {
    const { first, again } = await applyTwice(server, ours, { count, namespace: `size-${count}` });
    const other = await applyTwice(server, yardstick, { count, namespace: `yardstick-${count}` });
    rows.push({
      objects: count,
      firstSeconds: round(first.seconds),
      againSeconds: round(again.seconds),
      firstMillisecondsPerObject: round((first.seconds / count) * 1000),
      againMillisecondsPerObject: round((again.seconds / count) * 1000),
      megabytes: Math.round(Math.max(first.megabytes, again.megabytes)),
      [yardstick.name]: {
        firstSeconds: round(other.first.seconds),
        againSeconds: round(other.again.seconds),
        againRatio: Math.round((other.again.seconds / again.seconds) * 10) / 10,
      },
    });
  }
  return rows;
}

async function applyTwice(server: ApiServer, one: Contender, stack: { count: number; namespace: string }) {
  await makeNamespace(server, stack.namespace);
  const objects = configMaps(stack.count, stack.namespace);
  const apply = () => measure((onStart) => one.run('apply', objects, onStart));
  return { first: await apply(), again: await apply() };
}

async function makeNamespace(server: ApiServer, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await server.client.request({ method: 'POST', path: '/api/v1/namespaces', body, doing: 'Making a namespace' });
}
