// Monitoring on a cluster: every pod is ready, every target answers, autoscalers have numbers, data outlives the pod.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { createObjects, eventually, kubectl, person } from '../../../services/routeguide/e2e/cluster.ts';
import { claim, container, pod } from '../../../tools/cluster/testing/workloads.ts';
import { runfile } from '../../../tools/lib/runfiles.ts';
import { parseMetricsList } from '../../../tools/monitoring/exposition.ts';
import { gapsOf, secondsOf } from './gaps.ts';
import { listedJobs, listedPods } from './listed.ts';
import { MAX_BYTES, type Prometheus, connect, memoryOfMonitoring } from './prometheus.ts';
import { unsoundIn, urgentIn } from './reported.ts';

const { verb, namespace: ownNamespace } = person('monitoring');

/** What pods are called, or what their names begin with. */
const PODS: Readonly<Record<string, readonly string[]>> = {
  monitoring: listedPods(),
  'monitoring-node': ['node-exporter'],
};

/** Jobs that each have at least one target. */
const JOBS = listedJobs();

let prometheus: Prometheus;
let wasThere: boolean;

before(async () => {
  wasThere = (await kubectl('get', 'namespace', 'monitoring', '--ignore-not-found', '-o', 'name')) !== '';
  const startMs = performance.now();
  const outcome = await verb('prod/prod.apply', '--yes');
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  console.log(`//prod:apply took ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
});

after(async () => {
  prometheus?.close();
  await kubectl('delete', 'namespace', ownNamespace, '--ignore-not-found', '--wait=false');
  // Who had it before keeps it.
  if (wasThere) return;
  for (const stack of ['registry', 'monitoring', 'operator']) {
    const outcome = await verb(`prod/monitoring/${stack}.delete`, '--yes', '--prune-data');
    assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  }
});

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly name: string; readonly restartCount: number }[];
  };
}

async function podsOf(namespace: string): Promise<readonly Pod[]> {
  const list: { readonly items: readonly Pod[] } = JSON.parse(
    await kubectl('get', 'pods', '-n', namespace, '-o', 'json'),
  );
  return list.items;
}

const isReady = ({ status }: Pod) =>
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

test('the listed pods are ready, there are no others, and none was started again', { timeout: 900_000 }, async () => {
  for (const [namespace, wanted] of Object.entries(PODS)) {
    let state = '';
    const pods = await eventually(
      `pods of ${namespace} are ready`,
      async () => {
        const found = await podsOf(namespace);
        const names = found.map(({ metadata }) => metadata.name);
        const isOf = (name: string, one: string) => name === one || name.startsWith(`${one}-`);
        const missing = wanted.filter((one) => !names.some((name) => isOf(name, one)));
        const others = names.filter((name) => !wanted.some((one) => isOf(name, one)));
        const waiting = found.filter((one) => !isReady(one)).map(({ metadata }) => metadata.name);
        state = JSON.stringify({ missing, others, waiting });
        return [...missing, ...others, ...waiting].length === 0 ? found : undefined;
      },
      300_000,
    ).catch((error: unknown) => {
      throw new Error(`${namespace}: ${state}`, { cause: error });
    });
    const restarted = pods.flatMap(({ metadata, status }) =>
      (status.containerStatuses ?? [])
        .filter((one) => one.restartCount > 0)
        .map((one) => `${metadata.name}/${one.name}`),
    );
    assert.deepEqual(restarted, []);
  }
});

test('every target of Prometheus is up', { timeout: 300_000 }, async () => {
  prometheus = await connect();
  interface Target {
    readonly health: string;
    readonly lastError: string;
    readonly scrapeUrl: string;
    readonly labels: Readonly<Record<string, string>>;
  }
  let down: readonly string[] = [];
  const jobs = await eventually(
    'every target is up',
    async () => {
      const { data } = await prometheus.ask('targets?state=active');
      const { activeTargets } = data as { readonly activeTargets: readonly Target[] };
      down = activeTargets
        .filter(({ health }) => health !== 'up')
        .map(({ labels, scrapeUrl, health, lastError }) => `${labels['job']} ${scrapeUrl}: ${health} ${lastError}`);
      const found = [...new Set(activeTargets.map(({ labels }) => labels['job'] ?? ''))];
      const missing = JOBS.filter((job) => !found.includes(job));
      if (missing.length > 0) down = [...down, `no target of ${missing.join(', ')}; there are ${found.join(', ')}`];
      return down.length === 0 ? found : undefined;
    },
    180_000,
  ).catch((error: unknown) => {
    throw new Error(down.join('\n'), { cause: error });
  });
  console.log(`targets of ${jobs.toSorted().join(', ')} are up`);
});

test('`bazel run //prod:status` finds nothing wrong', { timeout: 600_000 }, async () => {
  let last = '';
  // Rules come to Prometheus within a minute or two, and are asked for the first time within two more.
  const { status, stdout } = await eventually(
    'nothing is wrong with monitoring',
    async () => {
      const outcome = await verb('prod/cluster_status/cluster_status');
      last = `exit ${outcome.status}\n${outcome.stdout}${outcome.stderr}`;
      return unsoundIn(outcome.stdout).length === 0 ? outcome : undefined;
    },
    300_000,
  ).catch((error: unknown) => {
    throw new Error(last, { cause: error });
  });
  console.log(stdout);
  assert.ok(status === 0 || urgentIn(stdout).length > 0, last);
});

/**
 * Runs what is kept busy at a twentieth of a processor, with a volume that is one to the kubelet: it tells nothing of
 * throttling where nobody is throttled, nor of volumes of the kind hostPath, which those of the default class are.
 */
async function startTelling(): Promise<void> {
  const metadata = (name: string, more: object = {}) => ({ name, namespace: ownNamespace, ...more });
  const busy = container(['sh', '-c', 'while :; do :; done'], {
    resources: { limits: { cpu: '50m', memory: '16Mi' } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  });
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ownNamespace } },
    { ...claim('data'), metadata: metadata('data', { annotations: { volumeType: 'local' } }) },
    { ...pod('busy', { containers: [busy], volumes }), metadata: metadata('busy') },
  ];
  await createObjects(items);
}

// The build takes these lists for what every cluster has: tools/monitoring/metrics.
test('kubelets and node_exporter tell all that the lists of metrics say', { timeout: 300_000 }, async () => {
  await startTelling();
  for (const [list, jobs] of [
    ['kubelet', 'kubelet|cadvisor'],
    ['node_exporter', 'monitoring-node/node-exporter'],
  ] as const) {
    const file = `tools/monitoring/metrics/${list}.txt`;
    const listed = [...parseMetricsList(await readFile(runfile(`fathom/${file}`), 'utf8'), file).keys()];
    let missing = listed;
    await eventually(
      `what ${file} names is there`,
      async () => {
        const query = new URLSearchParams({ 'match[]': `{job=~"${jobs}"}`, start: String(Date.now() / 1000 - 300) });
        const { data } = await prometheus.ask(`label/__name__/values?${query.toString()}`);
        const seen = new Set(data as readonly string[]);
        missing = listed.filter((name) => !seen.has(name));
        return missing.length === 0 ? true : undefined;
      },
      150_000,
    ).catch((error: unknown) => {
      throw new Error(`${file}: no target of ${jobs} tells ${missing.join(', ')}`, { cause: error });
    });
    console.log(`all ${listed.length} metrics of ${file} are there`);
  }
  // Alerts about volumes say whose they are.
  const volume = `kubelet_volume_stats_capacity_bytes{namespace="${ownNamespace}",persistentvolumeclaim="data"}`;
  const found = async () => ((await prometheus.query(volume)).length === 1 ? true : undefined);
  await eventually(`${volume} is there`, found, 90_000);
});

test('kubectl top answers for nodes and pods', { timeout: 180_000 }, async () => {
  const nodes = await eventually(
    'numbers of nodes',
    () => kubectl('top', 'nodes', '--no-headers').catch(() => undefined),
    120_000,
  );
  assert.match(nodes, /^\S+\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%/m);
  const pods = await kubectl('top', 'pods', '-n', 'monitoring', '--no-headers');
  assert.match(pods, /^prometheus-cluster-0\s+\d+m\s+\d+Mi/m);
});

test('an autoscaler has numbers to go by', { timeout: 180_000 }, async () => {
  const name = 'e2e-probe';
  await kubectl(
    'autoscale',
    'deployment',
    'kube-state',
    '-n',
    'monitoring',
    '--name',
    name,
    '--cpu=80%',
    '--min=1',
    '--max=1',
  );
  try {
    const active = await eventually(
      'the autoscaler is active',
      async () => {
        const path = 'jsonpath={.status.conditions[?(@.type=="ScalingActive")].status}';
        const status = await kubectl('get', 'hpa', name, '-n', 'monitoring', '-o', path);
        return status === 'True' ? status : undefined;
      },
      120_000,
    );
    assert.equal(active, 'True');
  } finally {
    await kubectl('delete', 'hpa', name, '-n', 'monitoring');
  }
});

test('all pods of monitoring together have less than 1.5 GiB', { timeout: 180_000 }, async () => {
  const bytes = await memoryOfMonitoring();
  assert.ok(bytes > 0 && bytes < MAX_BYTES, `${bytes} bytes`);
});

// Also of a Prometheus that has been there for a minute.
test('a query that would read too much is refused, and says so', { timeout: 120_000 }, async () => {
  const { status, error } = await prometheus.ask(
    `query?query=${encodeURIComponent('count(last_over_time({__name__=~".+"}[5m:10ms]))')}`,
  );
  assert.equal(status, 'error');
  assert.match(error ?? '', /too many samples/);
});

/** When there were samples of a series within the last minutes, in seconds since 1970: their own times, not those of a query. */
async function samplesOf(selector: string, minutes: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const { status, error, data } = await prometheus.ask(`query?query=${encodeURIComponent(`${selector}[${minutes}m]`)}`);
  assert.equal(status, 'success', error ?? 'no error is named');
  interface Matrix {
    readonly result: readonly { readonly metric: object; readonly values: readonly (readonly [number, string])[] }[];
  }
  const { result } = data as Matrix;
  return new Map(result.map(({ metric, values }) => [JSON.stringify(metric), values.map(([time]) => time)]));
}

test('Prometheus that is started again lacks no more than the time it was away', { timeout: 900_000 }, async () => {
  const dns = 'up{job="coredns"}';
  const samples = () => samplesOf(dns, 20);
  /** The samples, once each series has `count` of them after `time`. */
  const enough = (what: string, count: number, time: number) =>
    eventually(
      what,
      async () => {
        const found = await samples();
        const isEnough = (times: readonly number[]) => times.filter((one) => one > time).length >= count;
        return found.size > 0 && [...found.values()].every(isEnough) ? found : undefined;
      },
      240_000,
    );
  const { data } = await prometheus.ask('targets?state=active');
  const { activeTargets } = data as {
    readonly activeTargets: readonly {
      readonly labels: { readonly job?: string };
      readonly scrapeInterval: string;
    }[];
  };
  const interval = secondsOf(activeTargets.find(({ labels }) => labels.job === 'coredns')?.scrapeInterval ?? '');
  const before = await enough('there are samples', 3, 0);
  const old = await kubectl('get', 'pod', 'prometheus-cluster-0', '-n', 'monitoring', '-o', 'jsonpath={.metadata.uid}');
  const endedAt = Date.now() / 1000;
  await kubectl('delete', 'pod', 'prometheus-cluster-0', '-n', 'monitoring', '--wait=true');
  await eventually(
    'the new pod is ready',
    async () => {
      const pods = await podsOf('monitoring');
      const pod = pods.find(({ metadata }) => metadata.name === 'prometheus-cluster-0');
      return pod !== undefined && isReady(pod) ? pod : undefined;
    },
    180_000,
  );
  const readyAt = Date.now() / 1000;
  const now = await kubectl('get', 'pod', 'prometheus-cluster-0', '-n', 'monitoring', '-o', 'jsonpath={.metadata.uid}');
  assert.notEqual(now, old);
  prometheus.close();
  prometheus = await connect();
  const after = await enough('it goes on', 3, readyAt);
  assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
  const mostSeconds = readyAt - endedAt + 2 * interval;
  for (const [series, times] of after) {
    const had = before.get(series) ?? [];
    // The oldest have left the window meanwhile.
    const [oldest = 0] = times;
    const lost = had.filter((time) => time >= oldest && !times.includes(time));
    assert.deepEqual(lost, [], `${series}: samples are lost`);
    const lately = had.at(-3) ?? 0;
    assert.ok(times.includes(lately), `${series}: nothing is left of before`);
    const gaps = gapsOf(
      times.filter((time) => time >= lately),
      interval,
    );
    console.log(`${series}: away for ${(readyAt - endedAt).toFixed(1)} s, gaps: ${JSON.stringify(gaps)}`);
    assert.ok(gaps.length <= 1, `${series}: ${gaps.length} gaps`);
    for (const { from, to } of gaps) {
      assert.ok(to > endedAt && from < readyAt, `${series}: the gap is at another time`);
      assert.ok(to - from <= mostSeconds, `${series}: nothing for ${to - from} s, more than ${mostSeconds} s`);
    }
  }
});
