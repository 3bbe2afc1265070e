// Loads as Jobs: made of the one that `//services/routeguide/load:myns` deploys, with a rate and time of their own.
import { spawn } from 'node:child_process';
import { runfile } from '../../tools/lib/runfiles.ts';
import { pathOf } from '../../tools/k8s/kube/discovery.ts';
import { getObject, listObjects } from '../../tools/k8s/kube/objects.ts';
import { type KubeObject, asList, asRecord, at, numberAt, textAt } from '../../tools/k8s/model/object.ts';
import type { LoadResult } from '../../services/routeguide/load/load.ts';
import { JOBS, PODS, type Stack, until } from './stack.ts';

const NAME = 'routeguide-load';
const STARTS_WITHIN_MS = 120_000;
/** How long a load may take beyond its time, for reading its writes again. */
const ENDS_WITHIN_MS = 180_000;

/** What a load is to do. */
export interface LoadSettings {
  readonly rate: number;
  readonly rampMs: number;
  readonly durationMs: number;
}

/** A load that runs. */
export interface RunningLoad {
  /** Waits until calls have been counted for so many seconds. */
  atSecond(seconds: number): Promise<void>;
  /** The load's own result, at its end. */
  result(): Promise<LoadResult>;
}

/** Pushes the image and gives the Job that the build describes; the Job itself is taken away again. */
export async function loadTemplate({ client, namespace }: Stack): Promise<KubeObject> {
  await run(runfile('fathom/services/routeguide/load/myns.apply'), ['--no-wait']);
  const object = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: NAME, namespace } };
  const job = await getObject(client, { resource: JOBS, object });
  if (job === undefined) throw new Error(`the apply made no Job ${NAME}`);
  await client.request({
    method: 'DELETE',
    path: pathOf(JOBS, { namespace, name: NAME }),
    body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
    doing: 'Deleting the Job that is only a pattern',
  });
  return job;
}

/** Starts a load. */
export async function startLoad(
  { client, namespace }: Stack,
  template: KubeObject,
  options: LoadSettings & { readonly name: string },
): Promise<RunningLoad> {
  const { name, rate, rampMs, durationMs } = options;
  const settings = { RATE: rate, RAMP_MS: rampMs, DURATION_MS: durationMs };
  const spec = asRecord(at(template, 'spec', 'template', 'spec')) ?? {};
  const containers = asList(spec['containers']).map((container) => ({
    ...asRecord(container),
    env: [
      ...asList(at(container, 'env')).filter((one) => !Object.hasOwn(settings, textAt(one, 'name') ?? '')),
      ...Object.entries(settings).map(([variable, value]) => ({ name: variable, value: String(value) })),
    ],
  }));
  // The labels by which the server lets callers in; those of the controller are of the Job that was.
  const labels = Object.entries(asRecord(at(template, 'spec', 'template', 'metadata', 'labels')) ?? {}).filter(
    ([label]) => !/(^|\/)(controller-uid|job-name)$/.test(label),
  );
  await client.request({
    method: 'POST',
    path: pathOf(JOBS, { namespace }),
    body: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: Math.ceil((STARTS_WITHIN_MS + rampMs + durationMs + ENDS_WITHIN_MS) / 1000),
        template: { metadata: { labels: Object.fromEntries(labels) }, spec: { ...spec, containers } },
      },
    },
    doing: `Making Job ${name}`,
  });

  const lines = async (tail: number): Promise<readonly string[]> => {
    const [pod] = await listObjects(client, PODS, { namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` });
    if (pod === undefined || !['Running', 'Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase') ?? ''))
      return [];
    const text = await client.requestText({
      method: 'GET',
      path: `${pathOf(PODS, pod.metadata)}/log`,
      query: { tailLines: String(tail) },
      accept: '*/*',
      doing: `Reading the log of ${pod.metadata.name}`,
    });
    return text.split('\n').filter((line) => line.startsWith('{'));
  };

  return {
    atSecond: async (seconds) => {
      await until(`the load is in its second ${seconds}`, STARTS_WITHIN_MS + rampMs + seconds * 1000, async () => {
        const [last] = (await lines(1)).map((line): unknown => JSON.parse(line));
        return (numberAt(last, 'seconds') ?? -Infinity) >= seconds ? true : undefined;
      });
    },
    result: async () => {
      await until(`the load ends`, STARTS_WITHIN_MS + rampMs + durationMs + ENDS_WITHIN_MS, async () => {
        const object = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace } };
        const job = await getObject(client, { resource: JOBS, object });
        if ((numberAt(job, 'status', 'failed') ?? 0) > 0)
          throw new Error(`${name} failed:\n${(await lines(20)).join('\n')}`);
        return (numberAt(job, 'status', 'succeeded') ?? 0) > 0 ? true : undefined;
      });
      const [last = ''] = (await lines(1)).slice(-1);
      const result = JSON.parse(last) as LoadResult;
      if (result.writes === undefined) throw new Error(`${name} ended without a result: ${last}`);
      return result;
    },
  };
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 300_000 });
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}
