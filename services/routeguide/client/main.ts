// The process of the route guide's client: a round of calls again and again, until it is stopped.
import { setTimeout as delay } from 'node:timers/promises';
import { status, type ServiceError } from '@grpc/grpc-js';
import { RouteGuideClient } from '../../../proto/routeguide/v1/route_guide.ts';
import {
  address,
  addressText,
  CLIENT_TLS_SETTINGS,
  clientCredentials,
  createClient,
  runGrpcService,
  wholeNumber,
} from '../../kit/index.ts';
import { createCalls } from './calls.ts';
import { runRound } from './round.ts';

function describe(error: unknown): Readonly<Record<string, unknown>> {
  const { code, details } = error as Partial<ServiceError>;
  return code === undefined ? { err: error } : { status: status[code], details };
}

await runGrpcService({
  name: 'routeguide-client',
  settings: {
    ...CLIENT_TLS_SETTINGS,
    server: address('ROUTEGUIDE_ADDRESS'),
    intervalMs: wholeNumber('INTERVAL_MS', { min: 10, max: 3_600_000, fallback: 5000 }),
    callDeadlineMs: wholeNumber('CALL_DEADLINE_MS', { min: 10, max: 600_000, fallback: 10_000 }),
  },
  start: ({ config, log, metrics, signal }) => {
    const credentials = clientCredentials(config, { log });
    const client = createClient(RouteGuideClient, {
      address: config.server,
      ...(credentials === undefined ? {} : { credentials }),
      idempotent: ['getFeature', 'listFeatures', 'recordRoute'],
      metrics,
    });
    const calls = createCalls(client, { deadlineMs: config.callDeadlineMs });
    let looping = Promise.resolve();
    return {
      // None of its own: what is asked of it are its health and its metrics.
      services: [],
      onListening: (server) => {
        log.info({ server: addressText(config.server), intervalMs: config.intervalMs }, 'calling');
        const loop = async () => {
          for (let round = 1; !signal.aborted; round++) {
            try {
              await runRound({ calls, log, round });
              server.setReady(true);
            } catch (error) {
              log.error({ round, ...describe(error) }, 'round failed');
              server.setReady(false);
            }
            await delay(config.intervalMs, undefined, { signal }).catch(() => undefined); // Ends early at the signal.
          }
        };
        looping = loop();
      },
      close: async () => {
        // The calls that run now may finish; new ones are not begun.
        await Promise.race([looping, delay(config.callDeadlineMs)]);
        client.close();
      },
    };
  },
});
