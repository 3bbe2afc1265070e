// The clients of all languages do the same: what they say of a round is compared with what the one in TypeScript says.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import { RouteGuideClient, RouteGuideService } from '../../../proto/routeguide/v1/route_guide.ts';
import { createLogger, type GrpcServer, startGrpcServer } from '../../kit/index.ts';
import { createCalls } from '../client/calls.ts';
import { runRound } from '../client/round.ts';
import { readFeatures } from '../server/features.ts';
import { StoreUnavailableError } from '../server/redis_store.ts';
import { routeGuideService } from '../server/server.ts';
import { createMemoryStore } from '../server/testing/memory_store.ts';
import { type Line, startClient } from './program.ts';

const CLIENTS = ['client', 'client_go', 'client_java', 'client_python'];
const SETTINGS = { INTERVAL_MS: '20', CALL_DEADLINE_MS: '20000', DEADLINE_MS: '20000' };

const silent = createLogger({ service: 'test', level: 'silent' });
let failure: Error | undefined;

/** A server with a data set of its own, whose notes no other client has left. */
async function startServer(): Promise<GrpcServer> {
  const { features } = await readFeatures();
  const store = createMemoryStore({ features, failure: () => failure });
  return startGrpcServer({
    port: 0,
    host: '127.0.0.1',
    serviceNames: [],
    log: silent,
    register: (grpc) => grpc.addService(RouteGuideService, routeGuideService({ store, log: silent })),
  });
}

/** What a line says, without what differs from one run to the next, or from one client to another. */
function said({ time: _time, service: _service, durationMs: _took, elapsedSeconds: _elapsed, ...rest }: Line): Line {
  return rest;
}

/** What the client in TypeScript says of its first round. */
async function expectedLines(): Promise<readonly Line[]> {
  const server = await startServer();
  const client = new RouteGuideClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const lines: Line[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Line) };
  await runRound({ calls: createCalls(client), log: createLogger({ service: 'test', destination }), round: 1 });
  client.close();
  await server.drain(0);
  return lines.map(said);
}

for (const folder of CLIENTS) {
  describe(folder, { timeout: 120_000 }, () => {
    let server: GrpcServer;
    before(async () => {
      failure = undefined;
      server = await startServer();
    });
    after(() => server.drain(0));

    test('makes the calls and logs what came, is ready while they succeed, and ends when it is told to', async () => {
      const env = { ...SETTINGS, ROUTEGUIDE_ADDRESS: `127.0.0.1:${server.port}` };
      await using client = await startClient(folder, env);
      await client.line('it was ready', (line) => line['ready'] === true);
      const first = client.lines.filter((line) => line['round'] === 1);
      assert.deepEqual(first.map(said), await expectedLines());
      assert.equal(await client.health(''), 'SERVING');

      failure = new StoreUnavailableError('the store cannot be reached');
      const failed = await client.line('a round failed', (line) => line['level'] === 'error');
      assert.equal(failed['status'], 'UNAVAILABLE');
      // Go adds how often it has tried.
      assert.match(String(failed['details']), /the store cannot be reached$/);
      assert.equal(failed['msg'], 'round failed');
      await client.line('it was not ready', (line) => line['ready'] === false);
      assert.equal(await client.health(''), 'NOT_SERVING');
      assert.equal(await client.health('liveness'), 'SERVING');

      failure = undefined;
      const count = client.lines.filter((line) => line['ready'] === true).length;
      await client.line(
        'it was ready again',
        () => client.lines.filter((line) => line['ready'] === true).length > count,
      );
      assert.equal(await client.stop(), 0);
      assert.equal(client.lines.at(-1)?.['msg'], 'stopped');
      for (const line of client.lines) {
        assert.equal(line['service'], `routeguide-${folder.replace('_', '-')}`);
        assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      }
    });

    test('names all settings that are wrong, in one line, and does not start', async () => {
      await using client = await startClient(folder, { ROUTEGUIDE_ADDRESS: 'nowhere', INTERVAL_MS: 'soon' });
      assert.equal(await client.ended, 1);
      const [line] = client.lines;
      assert.equal(line?.['level'], 'fatal', JSON.stringify(client.lines));
      assert.deepEqual([...(line['problems'] as readonly string[])].sort(), [
        'INTERVAL_MS must be a whole number from 10 to 3600000, got "soon"',
        'ROUTEGUIDE_ADDRESS must be host:port, got "nowhere"',
      ]);
      assert.equal(client.lines.length, 1);
    });
  });
}
