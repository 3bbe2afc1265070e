// The server as a process with a Redis of its own, for trials that it must survive.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type Feature, RouteGuideClient } from '../../../../proto/routeguide/v1/route_guide.ts';
import { deployedAcl } from '../../../redis/keeper/testing/acl.ts';
import { createTestCluster } from '../../../redis/keeper/testing/cluster.ts';
import { builtProgram } from '../../../redis/keeper/testing/program.ts';
import { readFeatures } from '../features.ts';

const MEGABYTE = 1_048_576;
// How soon it must answer again.
const RECOVER_MS = 20_000;
// What the server may hold more after a trial than before it: it has held several messages of the greatest size.
const MAX_GROWTH_BYTES = 200 * MEGABYTE;

/** A server that runs. */
export interface ServerProcess {
  readonly client: RouteGuideClient;
  readonly known: Feature;
  /** Whether the process has ended. */
  hasEnded(): boolean;
  /** Fails unless the server answers. */
  isUp(): Promise<void>;
  /** Runs `trial`; then the server must be up and have no more memory than it may. */
  survives(trial: () => Promise<void>): Promise<void>;
  /** Sends bytes on a connection of its own, and waits until the server ends it or has had time to. */
  talk(bytes: Buffer, waitMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts the server, and waits until it is ready. */
export async function startServerProcess(): Promise<ServerProcess> {
  const launcher = builtProgram('services/routeguide/server/main');
  const [program, args] =
    launcher === undefined
      ? [process.execPath, [fileURLToPath(new URL('../main.ts', import.meta.url))]]
      : [launcher, []];
  const acl = deployedAcl();
  const redis = await createTestCluster({ nodes: 1, isLocalhost: true, acl });
  await redis.startAll();
  redis.keepAll(1);
  const { username, password } = acl.user('routeguide');
  const env = {
    PORT: '0',
    METRICS_PORT: '0',
    REDIS_ADDRESS: `127.0.0.1:${redis.nodes[0]?.port}`,
    REDIS_USERNAME: username,
    REDIS_PASSWORD: password,
    ACCESS_LOG: 'none',
  };
  const server = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let port = 0;
  for await (const line of createInterface({ input: server.stdout })) {
    const entry = JSON.parse(line) as { msg: string; port?: number };
    if (entry.msg === 'listening') port = entry.port ?? 0;
    if (entry.msg === 'ready') break;
  }
  server.stdout.resume();
  const client = new RouteGuideClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  });
  const [known] = (await readFeatures()).features;
  assert.ok(known);

  const residentBytes = () => {
    // The launcher is replaced by node, so this is the server itself.
    const text = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
  };
  const hasEnded = () => server.exitCode !== null || server.signalCode !== null;
  const ask = () =>
    new Promise<Feature | undefined>((resolve, reject) => {
      const options = { deadline: Date.now() + 10_000 };
      client.getFeature({ location: known.location }, new Metadata(), options, (error, response) =>
        error === null ? resolve(response.feature) : reject(error),
      );
    });
  const isUp = async () => {
    // It may have had too much to do to hear of its store in time, and must come back by itself.
    const giveUpMs = performance.now() + RECOVER_MS;
    for (;;) {
      assert.ok(!hasEnded(), 'the server has ended');
      try {
        assert.deepEqual(await ask(), known);
        return;
      } catch (error) {
        const { code } = error as Partial<ServiceError>;
        if (code !== status.UNAVAILABLE || performance.now() > giveUpMs) throw error;
        await delay(200);
      }
    }
  };
  return {
    client,
    known,
    hasEnded,
    isUp,
    async survives(trial) {
      const startBytes = residentBytes();
      await trial();
      await isUp();
      const growth = residentBytes() - startBytes;
      assert.ok(growth < MAX_GROWTH_BYTES, `the server holds ${Math.round(growth / MEGABYTE)} MB more than before`);
    },
    async talk(bytes, waitMs = 30) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined); // The server may reset it: that is an answer.
      socket.resume();
      await Promise.race([once(socket, 'connect').catch(() => undefined), delay(2000)]);
      socket.write(bytes);
      await Promise.race([once(socket, 'close').catch(() => undefined), delay(waitMs)]);
      socket.destroy();
    },
    async close() {
      client.close();
      server.kill('SIGKILL');
      await redis.remove();
    },
  };
}
