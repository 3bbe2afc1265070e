// The process of the route guide's client: a round of calls again and again, until it is stopped.
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import { RouteGuideClient } from '../../../proto/routeguide/v1/route_guide.ts';
import { address, addressText, runService, startGrpcServer, wholeNumber } from '../../kit/index.ts';
import { createCalls } from './calls.ts';
import { runRound } from './round.ts';

function describe(error: unknown): Readonly<Record<string, unknown>> {
  const { code, details } = error as Partial<ServiceError>;
  return code === undefined ? { err: error } : { status: status[code], details };
}

await runService({
  name: 'routeguide-client',
  settings: {
    server: address('ROUTEGUIDE_ADDRESS'),
    healthPort: wholeNumber('HEALTH_PORT', { min: 0, max: 65_535, fallback: 50_052 }),
    intervalMs: wholeNumber('INTERVAL_MS', { min: 10, max: 3_600_000, fallback: 5000 }),
    deadlineMs: wholeNumber('DEADLINE_MS', { min: 10, max: 600_000, fallback: 10_000 }),
  },
  start: async ({ config, log, signal }) => {
    const health = await startGrpcServer({
      port: config.healthPort,
      serviceNames: [],
      register: () => undefined,
      log,
    });
    const target = `dns:///${addressText(config.server)}`;
    const client = new RouteGuideClient(target, credentials.createInsecure(), {
      'grpc.keepalive_time_ms': 30_000,
      'grpc.max_reconnect_backoff_ms': 5000,
    });
    const calls = createCalls(client, { deadlineMs: config.deadlineMs });
    log.info({ target, intervalMs: config.intervalMs }, 'calling');

    const loop = async () => {
      for (let round = 1; !signal.aborted; round++) {
        try {
          await runRound({ calls, log, round });
          health.setReady(true);
        } catch (error) {
          log.error({ round, ...describe(error) }, 'round failed');
          health.setReady(false);
        }
        await delay(config.intervalMs, undefined, { signal }).catch(() => undefined); // Ends early at the signal.
      }
    };
    const looping = loop();
    return async () => {
      // The calls that run now may finish; new ones are not begun.
      await Promise.race([looping, delay(config.deadlineMs)]);
      await health.drain(1000);
      client.close();
    };
  },
});
