// What the client's process exposes, after calls to a server.
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { RouteGuideService } from '../../../proto/routeguide/v1/route_guide.ts';
import { checkExposed } from '../../../tools/monitoring/scrape.ts';
import { createLogger, startGrpcServer } from '../../kit/index.ts';
import { readFeatures } from '../server/features.ts';
import { routeGuideService } from '../server/server.ts';
import { createMemoryStore } from '../server/testing/memory_store.ts';

/** Waits until the fourth and last kind of call of a round has ended. */
async function roundEnded(metrics: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await delay(50)) {
    const text = await (await fetch(metrics)).text();
    if (/^grpc_client_handled_total\{.*grpc_method="RouteChat"/m.test(text)) return;
  }
  throw new Error('no round ended within 20 s');
}

test('metrics.txt has what it exposes', { timeout: 90_000 }, async () => {
  const log = createLogger({ service: 'test', level: 'silent' });
  const store = createMemoryStore({ features: (await readFeatures()).features, failure: () => undefined });
  const server = await startGrpcServer({
    port: 0,
    host: '127.0.0.1',
    serviceNames: [],
    log,
    register: (grpc) => grpc.addService(RouteGuideService, routeGuideService({ store, log })),
  });
  try {
    await checkExposed({
      program: process.env['MAIN_PROGRAM'],
      env: { ROUTEGUIDE_ADDRESS: `127.0.0.1:${server.port}`, INTERVAL_MS: '20' },
      list: new URL('metrics.txt', import.meta.url),
      call: async (_port, metrics) => roundEnded(metrics),
    });
  } finally {
    await server.drain(0);
  }
});
