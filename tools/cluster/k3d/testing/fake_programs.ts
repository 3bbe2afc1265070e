// Programs named `docker` and `k3d`, for the runner's sake alone: they keep in a file what there is, and note each call.
// They stand for the order of calls, exit codes and what is said; not for what Docker and k3d really do.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What there is, for the fakes. */
export interface World {
  /** Range and gateway of the network; empty: none. */
  network: string;
  cluster: boolean;
  running: boolean;
  tools: boolean;
  /** By container: its address, and whether it was given for good. */
  addresses: Record<string, { ip: string; fixed: boolean }>;
  bindings: string;
  images: Record<string, string>;
  hosting: string;
  /** Exit codes of looks at nodes, the last for all that follow. */
  ready: number[];
  /** Calls that fail: the beginning of the command, what it says, and what it prints before. */
  faults: Record<string, { code: number; says: string; prints?: string; leaves?: Partial<World> }>;
  /** Calls that hang, with a child that holds their output open: the beginning of the command. */
  hangs: string;
}

const EMPTY: World = {
  network: '',
  cluster: false,
  running: false,
  tools: false,
  addresses: {},
  bindings: '127.0.0.1 127.0.0.1 ',
  images: {},
  hosting: '',
  ready: [0],
  faults: {},
  hangs: '',
};

/** The fakes in a folder. */
export class FakePrograms {
  readonly env: Readonly<Record<string, string>>;
  readonly #world: string;
  readonly #calls: string;

  constructor(folder: string, world: Partial<World> = {}) {
    const bin = join(folder, 'bin');
    this.#world = join(folder, 'world.json');
    this.#calls = join(folder, 'calls');
    this.env = { PATH: bin, WORLD: this.#world, CALLS: this.#calls };
    mkdirSync(bin, { recursive: true });
    // A package.json farther up, as somebody may have in /tmp, would say what kind of module they are.
    writeFileSync(join(bin, 'package.json'), '{"type":"commonjs"}');
    for (const name of ['docker', 'k3d']) {
      const path = join(bin, name);
      writeFileSync(path, `#!${process.execPath}\n${SOURCE}`);
      chmodSync(path, 0o755);
    }
    writeFileSync(this.#calls, '');
    writeFileSync(this.#world, JSON.stringify({ ...EMPTY, ...world }));
  }

  get world(): World {
    return JSON.parse(readFileSync(this.#world, 'utf8')) as World;
  }

  change(world: Partial<World>): void {
    writeFileSync(this.#world, JSON.stringify({ ...this.world, ...world }));
  }

  /** The calls since the last time, one a line; those that only look are left out. */
  takeChanges(): readonly string[] {
    return this.takeCalls().filter((call) => CHANGES.test(call));
  }

  takeCalls(): readonly string[] {
    const lines = readFileSync(this.#calls, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    writeFileSync(this.#calls, '');
    return lines;
  }
}

const CHANGES = / (create|start|stop|delete|import|rm|connect|disconnect|label|apply) /;

const SOURCE = `
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const { basename } = require('node:path');
const { WORLD, CALLS } = process.env;
const args = process.argv.slice(2);
const call = [basename(process.argv[1]), ...args].join(' ');
appendFileSync(CALLS, call.replaceAll('\\n', ' ') + ' \\n');
const world = JSON.parse(readFileSync(WORLD, 'utf8'));
const last = args.at(-1);
const value = (flag) => args.find((arg) => arg.startsWith(flag + '='))?.slice(flag.length + 1);
const done = (text = '') => { writeFileSync(WORLD, JSON.stringify(world)); process.stdout.write(text); process.exit(0); };
const fail = (code, text) => { writeFileSync(WORLD, JSON.stringify(world)); process.stderr.write(text + '\\n'); process.exit(code); };
const is = (text) => call.startsWith(text);
const named = (ip) => ({ ip, fixed: false });
if (world.hangs !== '' && is(world.hangs)) {
  process.stderr.write('pulling\\n');
  spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'inherit' });
  setTimeout(() => {}, 60_000);
} else {
  const fault = Object.entries(world.faults).find(([start]) => is(start))?.[1];
  if (fault !== undefined) { Object.assign(world, fault.leaves); process.stdout.write(fault.prints ?? ''); fail(fault.code, fault.says); }
  if (is('docker info') || is('k3d version')) done('1');
  if (is('docker network inspect')) world.network === '' ? fail(1, 'No such network') : done(world.network);
  if (is('docker network create')) { world.network = value('--subnet') + ' ' + value('--gateway'); done('id'); }
  if (is('docker network ls')) done(world.network === '' ? '' : 'id');
  if (is('docker network rm')) { world.network = ''; done(); }
  if (is('docker network disconnect')) { delete world.addresses[last]; done(); }
  if (is('docker network connect')) { world.addresses[last] = { ip: value('--ip'), fixed: true }; done(); }
  if (is('docker ps')) done((call.includes('-tools') ? world.tools : world.cluster) ? 'id' : '');
  if (is('docker rm')) { world.tools = false; done(); }
  if (is('docker inspect')) {
    const format = value('--format');
    const at = world.addresses[last];
    if (format.includes('PortBindings')) done(last.endsWith('serverlb') ? world.bindings : '');
    if (format.includes('Running')) done(world.running + ' ' + (world.running ? at?.ip ?? '' : ''));
    done(at === undefined ? '' : 'in ' + (at.fixed ? at.ip : ''));
  }
  if (is('k3d cluster list')) world.cluster ? done('fathom') : fail(1, 'No nodes found for given cluster');
  if (is('k3d cluster create')) {
    Object.assign(world, { cluster: true, running: true });
    world.addresses = { 'k3d-fathom-server-0': named('172.19.0.3'), 'k3d-fathom-serverlb': named('172.19.0.4') };
    done();
  }
  if (is('k3d cluster stop')) { world.running = false; done(); }
  if (is('k3d cluster start')) {
    if (world.tools) fail(1, 'the tools container is in the way');
    world.running = true;
    done();
  }
  if (is('k3d cluster delete')) { Object.assign(world, { cluster: false, running: false, addresses: {}, images: {} }); done(); }
  if (is('k3d image import')) { world.images['registry.fathom.internal/prod/images/registry:built'] = ''; done(); }
  if (is('k3d kubeconfig get')) done(process.env.KUBECONFIG_TEXT ?? 'apiVersion: v1');
  if (call.includes(' kubectl wait ')) { const code = world.ready.length > 1 ? world.ready.shift() : world.ready[0]; code === 0 ? done() : fail(code, 'timed out'); }
  if (call.includes(' kubectl rollout ')) done();
  if (call.includes(' kubectl get configmap')) world.hosting === '' ? fail(1, 'not found') : done(world.hosting);
  if (call.includes(' kubectl apply ')) { world.hosting = JSON.parse(readFileSync(0, 'utf8')).data['localRegistryHosting.v1']; done(); }
  if (call.includes(' ctr images list ')) {
    const [, name, digest] = /^name==(.*),labels\\."fathom.internal\\/image"==(.*)$/.exec(last);
    done(world.images[name] === digest ? name : '');
  }
  if (call.includes(' ctr images label ')) {
    if (!(args.at(-2) in world.images)) fail(1, 'image not found');
    world.images[args.at(-2)] = last.split('=')[1];
    done();
  }
  fail(64, 'unknown: ' + call);
}
`;
