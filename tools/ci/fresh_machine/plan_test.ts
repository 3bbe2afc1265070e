import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Machine, debianMirror, machineStep, machineSteps, renewSteps } from './plan.ts';

const MACHINE: Machine = { root: '/r', suite: 'bookworm', mirror: 'http://m/debian', workspace: '/w' };
const entered = machineStep(MACHINE, './fathom up').command;

test('looks for the installer, makes the system, then clones', () => {
  assert.deepEqual(
    machineSteps(MACHINE)
      .map((step) => step.what)
      .filter((what) => !what.startsWith('Copying')),
    ['Looking for debootstrap', 'Installing a plain bookworm', 'Opening its root to all', 'Cloning the repository'],
  );
});

test('makes a root that also those may enter who are not root', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'fathom-root-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const opening = machineSteps({ ...MACHINE, root }).find(({ what }) => what.startsWith('Opening'));
  assert.ok(opening !== undefined);
  execFileSync(opening.command[0], opening.command.slice(1));
  assert.equal(statSync(root).mode & 0o777, 0o755);
});

test('brings the clone of a machine that is kept to the newest commit, without what is of the one before', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-renew-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [workspace, root] = [join(folder, 'workspace'), join(folder, 'machine')];
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', workspace, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args]);
  execFileSync('git', ['init', '--quiet', workspace]);
  git('commit', '--quiet', '--allow-empty', '--message=old');
  execFileSync('git', ['clone', '--quiet', workspace, join(root, 'src')]);
  writeFileSync(join(root, 'src/left'), 'of a run before');
  writeFileSync(join(workspace, 'new'), '');
  git('add', 'new');
  git('commit', '--quiet', '--message=new');
  for (const { command } of renewSteps({ root, workspace })) execFileSync(command[0], command.slice(1));
  assert.ok(existsSync(join(root, 'src/new')));
  assert.ok(!existsSync(join(root, 'src/left')));
});

test('leaves no mount of the installer on the host', () => {
  assert.deepEqual(machineSteps(MACHINE)[1]?.command.slice(0, 3), ['unshare', '--mount', 'debootstrap']);
});

test('makes a release like sid that the host has not heard of', () => {
  const [, install] = machineSteps({ ...MACHINE, suite: 'release-of-another-day' });
  assert.equal(install?.command.at(-1), '/usr/share/debootstrap/scripts/sid');
});

test('runs commands in mount and process namespaces of their own', () => {
  assert.deepEqual(entered.slice(0, 5), ['unshare', '--mount', '--pid', '--fork', '--kill-child']);
});

test('hands on how this machine finds certificates, and nothing else of its environment', () => {
  const { command } = machineStep({ ...MACHINE, env: { SSL_CERT_FILE: '/c', SECRET: 's' } }, 'true');
  assert.ok(command.includes('SSL_CERT_FILE=/c'));
  assert.ok(!command.join(' ').includes('SECRET'));
});

test('mounts a cache that is to be shared, and none by default', () => {
  assert.deepEqual(machineStep({ ...MACHINE, cache: '/c' }, 'true').command.slice(8, 10), ['/r', '/c']);
  assert.deepEqual(entered.slice(8, 10), ['/r', '']);
});

test('keeps its cluster apart from those of the host', () => {
  assert.ok(entered.includes('FATHOM_STATE=/var/lib/r'));
});

test('gives every step a deadline', () => {
  assert.ok([...machineSteps(MACHINE), machineStep(MACHINE, 'true')].every((step) => step.timeoutMs > 0));
});

for (const [what, sources] of [
  ['the one-line form', 'deb [signed-by=/x] http://m/debian bookworm main\n'],
  ['the deb822 form', 'Types: deb\nURIs: http://m/debian\nSuites: bookworm\n'],
  [
    'one after a security archive',
    'deb http://m/debian-security bookworm-security main\ndeb http://m/debian bookworm main\n',
  ],
] as const) {
  test(`finds the mirror in ${what}`, () => assert.equal(debianMirror(sources), 'http://m/debian'));
}

test('finds no mirror where there is none', () =>
  assert.equal(debianMirror('# deb http://m/debian x main\n'), undefined));
