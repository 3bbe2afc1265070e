import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Machine, debianMirror, machineStep, machineSteps } from './plan.ts';

const MACHINE: Machine = { root: '/r', suite: 'bookworm', mirror: 'http://m/debian', workspace: '/w' };
const entered = machineStep(MACHINE, './fathom up').command;

test('makes the system, then clones', () => {
  assert.deepEqual(
    machineSteps(MACHINE)
      .map((step) => step.what)
      .filter((what) => !what.startsWith('Copying')),
    ['Installing a plain bookworm', 'Cloning the repository'],
  );
});

test('leaves no mount of the installer on the host', () => {
  assert.deepEqual(machineSteps(MACHINE)[0]?.command.slice(0, 3), ['unshare', '--mount', 'debootstrap']);
});

test('makes a release like sid that the host has not heard of', () => {
  const [install] = machineSteps({ ...MACHINE, suite: 'release-of-another-day' });
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
