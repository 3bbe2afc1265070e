// `./fathom logs`, and what the commands about nodes and images say where there is nothing to do it with.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { layoutOf } from '../embedded/layout.ts';
import { makePlan, writePlan } from '../embedded/plan.ts';

// Compiled, or from source.
const main = ['./fathom_main.js', './fathom_main.ts']
  .map((name) => fileURLToPath(new URL(name, import.meta.url)))
  .find((path) => existsSync(path));
const state = mkdtempSync(join(tmpdir(), 'fathom-logs-'));
const folder = join(state, 'fathom');
const layout = layoutOf(folder);

before(async () => {
  mkdirSync(folder);
  const range = { base: 0x0ac90000, prefix: 16 };
  await writePlan(layout.plan, makePlan({ name: 'fathom', folder, range, registryPort: 4000 }));
  for (const [machine, service] of [
    ['control', 'etcd'],
    ['node-1', 'kubelet'],
    ['node-1', 'containerd'],
  ] as const) {
    mkdirSync(layout.machineLogs(machine), { recursive: true });
    writeFileSync(join(layout.machineLogs(machine), `${service}.log`), `${service} says one\n${service} says two\n`);
  }
});
after(() => rmSync(state, { recursive: true, force: true }));

function fathom(args: readonly string[], at = state) {
  assert.ok(main !== undefined);
  const env = { PATH: process.env['PATH'], HOME: state, FATHOM_STATE: at };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' });
  assert.doesNotMatch(stderr, /^ {4}at /m);
  return { status, stdout, stderr };
}

test('says which logs there are, by machine', () => {
  const { status, stdout, stderr } = fathom(['logs']);
  assert.equal(status, 0, stderr);
  const names = stdout.split('\n').map((line) =>
    line
      .split(/ {2,}|: /)
      .slice(0, 2)
      .join('/'),
  );
  assert.deepEqual(
    names.filter((name) => !name.startsWith('cluster')),
    [
      `control/${layout.machineLogs('control')}`,
      '/etcd',
      `node-1/${layout.machineLogs('node-1')}`,
      '/containerd',
      '/kubelet',
      '',
    ],
  );
});

test('prints the end of a log', () => {
  assert.equal(fathom(['logs', 'node-1', 'kubelet']).stdout, 'kubelet says one\nkubelet says two\n');
  assert.equal(fathom(['logs', 'node-1', 'kubelet', '--lines=1']).stdout, 'kubelet says two\n');
});

test('names what there is when something else is asked for', () => {
  const rows: readonly [readonly string[], RegExp][] = [
    [['logs', 'node-2'], /error: FATHOM_USAGE: .*machine node-2.*\n {2}hint: Name one of: cluster, control, node-1\./],
    [['logs', 'node-1', 'etcd'], /error: FATHOM_USAGE: .*process etcd.*\n {2}hint: Name one of: containerd, kubelet\./],
    [['logs', '../..', 'x'], /error: FATHOM_USAGE: .*machine \.\.\/\.\./],
    [['logs', 'node-1', 'kubelet', '--lines=none'], /error: FATHOM_USAGE: .*--lines=none/],
    [['logs', 'node-1', 'kubelet', 'more'], /error: FATHOM_USAGE: .*more is one too many/],
    [['stop-node'], /error: FATHOM_USAGE: .*\n {2}hint: Say which: \.\/fathom stop-node node-2/],
    [['load'], /error: FATHOM_USAGE: /],
    [['load', '/no/such.tar'], /error: CLUSTER_LOAD: Loading \/no\/such\.tar: there is no such file/],
  ];
  for (const [args, expected] of rows) {
    const { status, stderr } = fathom(args);
    assert.match(stderr, expected, args.join(' '));
    assert.equal(status, 1);
  }
});

test('says how to have a cluster where there is none', () => {
  const nowhere = join(state, 'nowhere');
  for (const args of [['logs'], ['kubeconfig'], ['add-node'], ['start-node', 'node-1']]) {
    const { status, stderr } = fathom(args, nowhere);
    assert.match(stderr, /error: CLUSTER_NOT_UP: .*\n {2}hint: Run `\.\/fathom up`\./, args.join(' '));
    assert.equal(status, 1);
  }
});
