import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debianMirror, freshMachinePlan } from './plan.ts';

const plan = freshMachinePlan({
  root: '/r',
  suite: 'bookworm',
  mirror: 'http://m/debian',
  workspace: '/w',
  commands: ['./fathom up', './fathom test'],
});

test('makes the system, clones, and runs the commands in this order', () => {
  assert.deepEqual(
    plan.filter((step) => !step.what.startsWith('Copying')).map((step) => step.what),
    ['Installing a plain bookworm', 'Cloning the repository', './fathom up', './fathom test'],
  );
});

test('runs commands in mount and process namespaces of their own', () => {
  const last = plan.at(-1)?.command ?? [];
  assert.deepEqual(last.slice(0, 5), ['unshare', '--mount', '--pid', '--fork', '--kill-child']);
});

test('hands on how this machine finds certificates, and nothing else of its environment', () => {
  const [step] = freshMachinePlan({
    root: '/r',
    suite: 'x',
    mirror: 'm',
    workspace: '/w',
    commands: ['true'],
    env: { SSL_CERT_FILE: '/c', SECRET: 's' },
  }).slice(-1);
  assert.ok(step?.command.includes('SSL_CERT_FILE=/c'));
  assert.ok(!step?.command.join(' ').includes('SECRET'));
});

test('mounts a cache that is to be shared, and none by default', () => {
  const shared = freshMachinePlan({
    root: '/r',
    suite: 'x',
    mirror: 'm',
    workspace: '/w',
    commands: ['true'],
    cache: '/c',
  });
  assert.deepEqual(shared.at(-1)?.command.slice(8, 10), ['/r', '/c']);
  assert.deepEqual(plan.at(-1)?.command.slice(8, 10), ['/r', '']);
});

test('keeps its cluster apart from those of the host', () => {
  assert.ok(plan.at(-1)?.command.includes('FATHOM_STATE=/var/lib/r'));
});

test('gives every step a deadline', () => {
  assert.ok(plan.every((step) => step.timeoutMs > 0));
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
