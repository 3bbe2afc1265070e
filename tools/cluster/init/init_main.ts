// The first own process in a set of namespaces (tini above it reaps): `init_main SPEC.json` prepares them and keeps
// the spec's processes running, and ends at SIGTERM. `init_main forward PORT HOST PORT` is the forwarder,
// `init_main import-images CONFIG.json` loads a node's images.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { runMain, type MainContext } from '../../lib/cli.ts';
import { forward } from './forward.ts';
import { importImages } from './import_images.ts';
import { awaitNetworkNamespace, linkCommands, runAll, switchCommands } from './network.ts';
import { prepare } from './prepare.ts';
import type { InitSpec, ServiceSpec, ServiceStatus } from './spec.ts';
import { Supervisor } from './supervisor.ts';

async function main({ argv, signal }: MainContext): Promise<number> {
  const [first = '', ...rest] = argv;
  if (first === 'forward') {
    await forward({ port: Number(rest[0]), target: { host: rest[1] ?? '', port: Number(rest[2]) } });
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return 0;
  }
  if (first === 'import-images') {
    await importImages(rest[0] ?? '');
    return 0;
  }
  const spec = JSON.parse(readFileSync(first, 'utf8')) as InitSpec;
  await prepare(spec);
  mkdirSync(spec.logFolder, { recursive: true });
  let failed: unknown;
  const stop = new AbortController();
  const wiring = createWiring(spec, (error) => {
    failed = error;
    stop.abort();
  });
  const supervisor = new Supervisor({
    services: spec.services,
    logFolder: spec.logFolder,
    onStatus: (services) => writeStatus(spec, services),
    onStart: wiring,
    signal: AbortSignal.any([signal, stop.signal]),
  });
  await supervisor.run();
  if (failed !== undefined) throw failed;
  return 0;
}

/**
 * What connects machines to the switch as they start. A switch that starts a second time has lost all links, so the
 * whole cluster ends (`onLost`): `up` starts it again from its state.
 */
function createWiring(spec: InitSpec, onLost: (error: Error) => void) {
  let switchPid: number | undefined;
  let connected = () => {};
  const ready = new Promise<void>((resolve) => (connected = resolve));
  return async (service: ServiceSpec, pid: number): Promise<void> => {
    if (spec.switch !== undefined && service.name === spec.switch.service) {
      if (switchPid !== undefined) return onLost(new Error('the switch ended'));
      await awaitNetworkNamespace(pid);
      await runAll(switchCommands(spec.switch, pid));
      switchPid = pid;
      connected();
    } else if (service.link !== undefined) {
      await awaitNetworkNamespace(pid);
      await ready;
      if (switchPid !== undefined) await runAll(linkCommands(service.link, switchPid, pid));
    }
  };
}

function writeStatus(spec: InitSpec, services: readonly ServiceStatus[]): void {
  const draft = `${spec.statusFile}.draft`;
  writeFileSync(draft, `${JSON.stringify({ name: spec.name, services }, null, 2)}\n`);
  renameSync(draft, spec.statusFile);
}

await runMain(main);
