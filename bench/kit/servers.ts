// The two servers: the route guide by the kit with all its defaults, and by grpc-js alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, openSync, closeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { RouteGuideService } from '../../proto/routeguide/v1/route_guide.ts';
import { implementation, runGrpcService } from '../../services/kit/index.ts';
import { readFeatures } from '../../services/routeguide/server/features.ts';
import { checkPoint, type Point, type Store, toldFeature } from '../../services/routeguide/server/routeguide.ts';
import { routeGuideService } from '../../services/routeguide/server/server.ts';
import { createMemoryStore } from '../../services/routeguide/server/testing/memory_store.ts';

/** The servers that are compared. */
export const CONTENDERS = ['kit', 'bare'] as const;
export type Contender = (typeof CONTENDERS)[number];

async function store(): Promise<Store> {
  const { features } = await readFeatures();
  return createMemoryStore({ features: features.slice(0, 5) });
}

/** Handlers as one writes them without the kit, with the same work in them. */
function bareHandlers(features: Store): UntypedServiceImplementation {
  const unimplemented = () => {
    throw new Error('The benchmark calls GetFeature alone');
  };
  return {
    getFeature: (
      call: { readonly request: { readonly location?: Point } },
      callback: (error: object | null, value?: object) => void,
    ) => {
      const work = async () => {
        const feature = await features.getFeature(checkPoint(call.request.location, 'location'));
        return { feature: feature === undefined ? undefined : toldFeature(feature) };
      };
      work().then(
        (value) => callback(null, value),
        (error: unknown) => callback({ code: status.INTERNAL, details: String(error) }),
      );
    },
    listFeatures: unimplemented,
    recordRoute: unimplemented,
    routeChat: unimplemented,
  };
}

/** Runs one of the servers in this process until SIGTERM. It says `{"port":…}` in a line of its own. */
export async function serve(contender: Contender): Promise<void> {
  if (contender === 'kit') {
    await runGrpcService({
      name: 'bench',
      settings: {},
      start: async ({ log }) => ({
        services: [implementation(RouteGuideService, routeGuideService({ store: await store(), log }))],
      }),
      server: { host: '127.0.0.1' },
      env: { PORT: '0', METRICS_PORT: '0' },
    });
  }
  const server = new Server();
  server.addService(RouteGuideService, bareHandlers(await store()));
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    console.log(JSON.stringify({ port }));
  });
}

/** A server process. */
export interface Running {
  readonly contender: Contender;
  readonly port: number;
  readonly child: ChildProcess;
}

const START_TIMEOUT_MS = 20_000;

/** Starts one of the servers as a process whose log goes to a file in `folder`. */
export async function startServer(contender: Contender, folder: string): Promise<Running> {
  const path = `${folder}/${contender}.log`;
  const descriptor = openSync(path, 'a');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', `--serve=${contender}`], {
    stdio: ['ignore', descriptor, 'inherit'],
  });
  closeSync(descriptor);
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS && child.exitCode === null; waitedMs += 50) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const { port } = JSON.parse(line) as { port?: number };
      if (port !== undefined) return { contender, port, child };
    }
    await delay(50);
  }
  child.kill('SIGKILL');
  throw new Error(`The server ${contender} did not start within ${START_TIMEOUT_MS} ms, see ${path}`);
}

/** Ends a server. */
export async function stopServer({ child }: Running): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
