// The first own process in a set of namespaces (tini above it reaps): `init_main SPEC.json` prepares them and keeps
// the spec's processes running, carries out what changes in it, and ends at SIGTERM. `init_main forward PORT HOST PORT` is the forwarder,
// `init_main import-images CONFIG.json` loads a node's images.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { runMain, type MainContext } from '../../lib/cli.ts';
import { forward } from './forward.ts';
import { importImages } from './import_images.ts';
import { awaitNetworkNamespace, linkCommands, runAll, switchCommands } from './network.ts';
import { prepare, prepareAgain } from './prepare.ts';
import { readSpec, watchSpec, type ReadSpec } from './reload.ts';
import type { InitSpec, InitStatus, ServiceSpec } from './spec.ts';
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
  await runSpec(readSpec(first), signal);
  return 0;
}

/** Carries a spec out, and what becomes of it, until the signal is aborted. */
async function runSpec(read: ReadSpec, signal: AbortSignal): Promise<void> {
  const { spec } = read;
  let { digest } = read;
  await prepare(spec);
  mkdirSync(spec.logFolder, { recursive: true });
  let failed: Error | undefined;
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  const wiring = createWiring(spec, (error) => {
    failed = error;
    stop.abort();
  });
  const supervisor = new Supervisor({
    logFolder: spec.logFolder,
    onStatus: (services) => writeStatus(spec, { name: spec.name, spec: digest, services }),
    onStart: wiring,
    signal: ending,
  });
  supervisor.update(spec.services);
  const carryOut = async (now: ReadSpec, before: InitSpec) => {
    await prepareAgain(now.spec, before);
    digest = now.digest;
    supervisor.update(now.spec.services);
  };
  await Promise.all([supervisor.run(), watchSpec(read, carryOut, ending)]);
  if (failed !== undefined) throw failed;
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

function writeStatus({ statusFile }: InitSpec, status: InitStatus): void {
  writeFileSync(`${statusFile}.draft`, `${JSON.stringify(status, null, 2)}\n`);
  renameSync(`${statusFile}.draft`, statusFile);
}

await runMain(main);
