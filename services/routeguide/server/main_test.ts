// The server as a process, against a real Redis.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials, Metadata } from '@grpc/grpc-js';
import { type Feature, RouteGuideClient } from '../../../proto/routeguide/v1/route_guide.ts';
import { checkMetricsFile } from '../../../tools/monitoring/metrics_file.ts';
import { deployedAcl } from '../../redis/keeper/testing/acl.ts';
import { createTestCluster } from '../../redis/keeper/testing/cluster.ts';
import { builtProgram } from '../../redis/keeper/testing/program.ts';
import { readFeatures } from './features.ts';
import { featureKey } from './redis_keys.ts';

// Under Bazel the program's launcher; from source node itself.
const LAUNCHER = builtProgram('services/routeguide/server/main');
const [PROGRAM, ARGUMENTS] =
  LAUNCHER === undefined ? [process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url))]] : [LAUNCHER, []];
const running = new Set<ChildProcess>();
after(() => running.forEach((child) => child.kill('SIGKILL')));

/** A server process, and its log lines as they come. */
function startServer(env: Record<string, string>) {
  const child = spawn(PROGRAM, ARGUMENTS, {
    env: { PORT: '0', METRICS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const seen: Record<string, unknown>[] = [];
  const line = async (msg: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = seen.find((entry) => entry['msg'] === msg);
      if (found !== undefined) return found;
      const next = await lines.next();
      if (next.done === true) throw new Error(`The server ended without the line "${msg}": ${JSON.stringify(seen)}`);
      seen.push(JSON.parse(next.value) as Record<string, unknown>);
    }
  };
  return { child, line };
}

test('starts before Redis, answers from it, and drains at SIGTERM', { timeout: 60_000 }, async () => {
  const acl = deployedAcl();
  const cluster = await createTestCluster({ nodes: 1, isLocalhost: true, acl });
  const [redisServer] = cluster.nodes;
  assert.ok(redisServer);
  const folder = await mkdtemp('/tmp/server-test-');
  const { username, password } = acl.user('routeguide');
  await writeFile(join(folder, 'password'), `${password}\n`);
  const { child, line } = startServer({
    REDIS_ADDRESS: `127.0.0.1:${redisServer.port}`,
    REDIS_USERNAME: username,
    REDIS_PASSWORD_FILE: join(folder, 'password'),
  });
  try {
    const { port, metricsPort } = await line('listening');
    assert.equal((await line('redis cannot be reached'))['problem'], 'ECONNREFUSED');
    await redisServer.start();
    cluster.keepAll(1);
    assert.equal((await line('ready'))['ready'], true);

    const client = new RouteGuideClient(`127.0.0.1:${String(port)}`, credentials.createInsecure());
    const [known] = (await readFeatures()).features;
    assert.ok(known);
    const get = () =>
      new Promise<Feature | undefined>((resolve, reject) => {
        const options = { deadline: Date.now() + 5000 };
        client.getFeature({ location: known.location }, new Metadata(), options, (error, response) =>
          error === null ? resolve(response.feature) : reject(error),
        );
      });
    assert.deepEqual(await get(), known);
    assert.equal(await redisServer.link.call(['DEL', featureKey(known.location)]), 1);
    assert.equal(await get(), undefined);
    const metrics = await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`);
    checkMetricsFile(new URL('metrics.txt', import.meta.url), await metrics.text());

    const chat = client.routeChat();
    chat.write({ note: { location: known.location, message: 'first' } });
    chat.write({ note: { location: known.location, message: 'second' } });
    await once(chat, 'data');
    child.kill('SIGTERM');
    await line('not ready');
    chat.end({ note: { location: known.location, message: 'sent while draining' } });
    const [answer] = (await once(chat, 'data')) as [{ note: { message: string } }];
    assert.equal(answer.note.message, 'first');
    chat.resume();
    const exited: unknown[] = await once(child, 'exit');
    assert.deepEqual(exited, [0, null]);
    client.close();
  } finally {
    await cluster.remove();
    await rm(folder, { recursive: true });
  }
});

const WRONG = [
  { name: 'names the setting that is missing', env: {}, problem: 'REDIS_ADDRESS must be host:port, and is not set' },
  {
    name: 'names the setting that is malformed',
    env: { REDIS_ADDRESS: 'redis' },
    problem: 'REDIS_ADDRESS must be host:port, got "redis"',
  },
];
for (const { name, env, problem } of WRONG) {
  test(name, { timeout: 30_000 }, async () => {
    const { child, line } = startServer(env as Record<string, string>);
    const exited = once(child, 'exit');
    assert.deepEqual((await line('settings are wrong'))['problems'], [problem]);
    assert.deepEqual(await exited, [1, null]);
  });
}
