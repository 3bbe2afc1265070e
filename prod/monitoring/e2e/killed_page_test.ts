// The server of the page keeps nothing: one that is killed is replaced by another that shows the same.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { eventually, kubectl, person } from '../../../services/routeguide/e2e/cluster.ts';
import { openPorts, type PageApi, pageApi, type Ports } from './page.ts';

const { verb } = person('killed');
const SELECTOR = 'app.kubernetes.io/name=dashboards';
const BACK_WITHIN_MS = 60_000;

let ports: Ports;
let api: PageApi;

before(async () => {
  const outcome = await verb('prod/prod.apply', '--yes');
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  ports = await openPorts();
  api = pageApi(`http://${await ports.to('monitoring', 'dashboards', 'http')}`);
});
after(async () => {
  await ports.close();
  // Whoever looks for pods that were started again finds none of this test's.
  await kubectl('delete', 'pods', '-n', 'monitoring', '-l', SELECTOR, '--wait=true');
  await kubectl('rollout', 'status', '-n', 'monitoring', 'deployment/dashboards', '--timeout=60s');
});

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly containerID?: string;
      readonly ready: boolean;
      readonly restartCount: number;
    }[];
  };
}

async function containerNow() {
  const { items }: { readonly items: readonly Pod[] } = JSON.parse(
    await kubectl('get', 'pods', '-n', 'monitoring', '-l', SELECTOR, '-o', 'json'),
  );
  const [pod] = items;
  assert.equal(items.length, 1);
  const [container] = pod?.status.containerStatuses ?? [];
  return { pod: pod?.metadata.name, id: container?.containerID?.replace(/^.*:\/\//, ''), ...container };
}

/** Processes of this machine that are those of a container, by their control groups. */
function processesOf(container: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cgroup`, 'utf8').includes(container) ? [Number(name)] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

test('nothing is lost when its process is killed', { timeout: 300_000 }, async () => {
  const before = await containerNow();
  assert.ok(before.id !== undefined && before.id !== '');
  const list = await api.list();
  assert.ok(list.dashboards.length > 0);
  const killed = processesOf(before.id);
  assert.equal(killed.length, 1, `processes of ${before.id}: ${killed.join(', ')}`);
  const startMs = performance.now();
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  const now = await eventually(
    'it is started again',
    async () => {
      const found = await containerNow();
      return found.restartCount === (before.restartCount ?? 0) + 1 && found.ready === true ? found : undefined;
    },
    BACK_WITHIN_MS,
  );
  assert.equal(now.pod, before.pod);
  const again = await eventually('it answers', () => api.list().catch(() => undefined), BACK_WITHIN_MS);
  console.log(`it answered again after ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  assert.deepEqual(again, list);
});
