import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceSpec, ServiceStatus } from './spec.ts';
import { isolatedCommand } from './process.ts';
import { Supervisor, backoffMs } from './supervisor.ts';

interface Supervised {
  readonly folder: string;
  readonly supervisor: Supervisor;
  readonly statuses: () => readonly ServiceStatus[];
}

/** Runs services until `work` is done with them. */
async function supervise(
  services: readonly ServiceSpec[],
  work: (supervised: Supervised) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  const stop = new AbortController();
  let statuses: readonly ServiceStatus[] = [];
  const supervisor = new Supervisor({ logFolder: folder, onStatus: (now) => (statuses = now), signal: stop.signal });
  supervisor.update(services);
  const running = supervisor.run();
  try {
    await work({ folder, supervisor, statuses: () => statuses });
  } finally {
    stop.abort();
    await running;
  }
}

async function until(statuses: Supervised['statuses'], done: (statuses: readonly ServiceStatus[]) => boolean) {
  const deadline = performance.now() + 20_000;
  while (!done(statuses())) {
    assert.ok(performance.now() < deadline, `the expected state did not come: ${JSON.stringify(statuses())}`);
    await sleep(10);
  }
}

/** Runs services until `done` says so of their statuses; returns the statuses then. */
async function superviseUntil(
  services: readonly ServiceSpec[],
  done: (statuses: readonly ServiceStatus[], folder: string) => boolean,
): Promise<readonly ServiceStatus[]> {
  let reached: readonly ServiceStatus[] = [];
  await supervise(services, async ({ folder, statuses }) => {
    await until(statuses, (now) => done(now, folder));
    reached = statuses();
  });
  return reached;
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

const shell = (script: string) => ['sh', '-c', script];

test('doubles the pause between starts, up to ten seconds', () => {
  assert.deepEqual([1, 2, 3, 8, 60].map(backoffMs), [100, 200, 400, 10_000, 10_000]);
});

test('wraps a service with namespaces of its own, and lets it die with its init', () => {
  assert.deepEqual(isolatedCommand({ command: ['a', 'b'] }), ['a', 'b']);
  assert.deepEqual(isolatedCommand({ command: ['a'], isolate: ['net', 'pid'] }), [
    ...['unshare', '--net', '--pid', '--fork', '--kill-child', '--', 'a'],
  ]);
});

test('starts a process again when it ends, and remembers how it ended', async () => {
  const statuses = await superviseUntil([{ name: 'a', command: shell('exit 3') }], ([a]) => (a?.failures ?? 0) >= 3);
  assert.equal(statuses[0]?.lastExit, 'code 3');
});

test('starts a program that does not exist again and again, and ends when it is told to', async () => {
  const statuses = await superviseUntil(
    [{ name: 'a', command: ['/no/such/program'] }],
    ([a]) => (a?.failures ?? 0) >= 2,
  );
  assert.match(statuses[0]?.lastExit ?? '', /ENOENT/);
});

test('starts a program again whose log could not be opened', async () => {
  const name = 'folder/a';
  await supervise([{ name, command: shell('exec sleep 60') }], async ({ folder, statuses }) => {
    await until(statuses, ([a]) => a?.state === 'backoff');
    assert.match(statuses()[0]?.lastExit ?? '', /ENOENT/);
    mkdirSync(join(folder, 'folder'));
    await until(statuses, ([a]) => a?.state === 'ready');
  });
});

test('keeps services running while their status cannot be written, and tells it afterwards', async () => {
  const stop = new AbortController();
  let isFull = true;
  let told: readonly ServiceStatus[] = [];
  const onStatus = (now: readonly ServiceStatus[]) => {
    if (isFull) throw new Error('ENOSPC: no space left on device');
    told = now;
  };
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  const supervisor = new Supervisor({ logFolder: folder, onStatus, signal: stop.signal });
  supervisor.update([{ name: 'a', command: shell('echo started; exit 3') }]);
  const running = supervisor.run();
  try {
    const deadline = performance.now() + 20_000;
    while (read(join(folder, 'a.log')).split('started').length < 4) {
      assert.ok(performance.now() < deadline, 'it was not started again');
      await sleep(10);
    }
    isFull = false;
    await until(
      () => told,
      ([a]) => (a?.failures ?? 0) >= 3 && a?.lastExit === 'code 3',
    );
  } finally {
    stop.abort();
    await running;
  }
});

test('gives the variables of proxies to those alone that ask servers outside', async () => {
  const command = shell('echo "proxy:$HTTPS_PROXY"; exec sleep 60');
  const before = process.env['HTTPS_PROXY'];
  process.env['HTTPS_PROXY'] = 'http://proxy.example:3128';
  try {
    const services = [
      { name: 'outside', command, proxied: true },
      { name: 'inside', command },
    ];
    await supervise(services, async ({ folder, statuses }) => {
      await until(statuses, () => ['outside', 'inside'].every((name) => read(join(folder, `${name}.log`)) !== ''));
      assert.equal(read(join(folder, 'outside.log')), 'proxy:http://proxy.example:3128\n');
      assert.equal(read(join(folder, 'inside.log')), 'proxy:\n');
    });
  } finally {
    if (before === undefined) delete process.env['HTTPS_PROXY'];
    else process.env['HTTPS_PROXY'] = before;
  }
});

test('runs a task until it succeeds, then what comes after it', async () => {
  const marks = join(mkdtempSync(join(tmpdir(), 'marks-')), 'marks');
  await superviseUntil(
    [
      { name: 'last', command: shell('cat "$MARKS"; exec sleep 60'), env: { MARKS: marks }, after: ['task'] },
      {
        name: 'task',
        command: shell('echo try >>"$MARKS"; [ $(wc -l <"$MARKS") -ge 3 ]'),
        task: true,
        env: { MARKS: marks },
      },
    ],
    ([, task], folder) => task?.state === 'done' && read(join(folder, 'last.log')) === 'try\ntry\ntry\n',
  );
});

test('counts a service as ready only when its port answers', async () => {
  const listen = "require('net').createServer().listen(0, '127.0.0.1')";
  const statuses = await superviseUntil(
    [
      { name: 'never', command: shell('exec sleep 60'), ready: { kind: 'socket', path: '/no/such/socket' } },
      { name: 'waits', command: shell('exec sleep 60'), after: ['never'] },
      { name: 'runs', command: [process.execPath, '-e', listen] },
    ],
    ([never, , runs]) => never?.state === 'running' && runs?.state === 'ready',
  );
  assert.equal(statuses[1]?.state, 'waiting');
});

test('ends a process that ignores SIGTERM', async () => {
  const startMs = performance.now();
  await superviseUntil(
    [{ name: 'stubborn', command: shell('trap "" TERM; while :; do sleep 1; done') }],
    ([stubborn]) => stubborn?.state === 'ready',
  );
  assert.ok(performance.now() - startMs < 10_000);
});

const sleeper = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  command: shell('exec sleep 60'),
  ...more,
});

test('starts what is new in a list, ends what is missing, and leaves the rest alone', async () => {
  await supervise([sleeper('stays'), sleeper('goes')], async ({ supervisor, statuses }) => {
    await until(statuses, (now) => now.length === 2 && now.every(({ state }) => state === 'ready'));
    const [stays, goes] = statuses();
    supervisor.update([sleeper('stays'), sleeper('comes')]);
    await until(statuses, (now) => now.map(({ name }) => name).join() === 'stays,comes' && now[1]?.state === 'ready');
    assert.deepEqual(statuses()[0], stays);
    await until(statuses, () => !existsSync(`/proc/${goes?.pid}`));
  });
});

test('starts a service anew when its command changes, and not before the old one has ended', async () => {
  const marks = join(mkdtempSync(join(tmpdir(), 'marks-')), 'marks');
  const env = { MARKS: marks };
  const slow = 'trap "sleep 1; echo old ended >>$MARKS; exit" TERM; echo old >>$MARKS; while :; do sleep 0.1; done';
  await supervise([{ name: 'a', command: shell(slow), env }], async ({ supervisor, statuses }) => {
    // It is ready before it has set its trap.
    await until(statuses, ([a]) => a?.state === 'ready' && read(marks) === 'old\n');
    supervisor.update([{ name: 'a', command: shell('echo new >>$MARKS; exec sleep 60'), env }]);
    await until(statuses, () => read(marks) === 'old\nold ended\nnew\n');
  });
});

test('keeps a suspended service from running until it is suspended no more', async () => {
  await supervise([sleeper('node'), sleeper('other')], async ({ supervisor, statuses }) => {
    await until(statuses, (now) => now.every(({ state }) => state === 'ready'));
    const pid = statuses()[0]?.pid;
    supervisor.update([sleeper('node', { suspended: true }), sleeper('other')]);
    await until(statuses, ([node]) => node?.state === 'suspended');
    assert.equal(existsSync(`/proc/${pid}`), false);
    supervisor.update([sleeper('node'), sleeper('other')]);
    await until(statuses, ([node]) => node?.state === 'ready');
  });
});
