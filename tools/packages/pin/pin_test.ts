import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { parsePinArguments, readList, readLockBefore } from './arguments.ts';
import { applyChanges, type ApplyChangesOptions, compareLocks } from './changes.ts';
import { compareGoVersions, modulesOf } from './go_mod.ts';
import { runTool } from './run_tool.ts';

const folder = () => mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'pin-'));
const versions = (all: Readonly<Record<string, string>>) =>
  new Map(Object.entries(all).map(([name, version]) => [name, { version, hash: version }]));
const byNumber = (a: string, b: string) => Number(a) - Number(b);

async function pin(more: Partial<ApplyChangesOptions>) {
  const path = join(folder(), 'x.lock.json');
  writeFileSync(path, 'old');
  const printed: string[] = [];
  const verified: string[] = [];
  const options: ApplyChangesOptions = {
    before: versions({ a: '2', b: '1', d: '1' }),
    after: versions({ a: '3', c: '1', d: '1' }),
    compare: byNumber,
    allowDowngrade: false,
    files: new Map([[path, 'new']]),
    isUnchanged: false,
    verify: async (names) => void verified.push(...names),
    log: createLog(() => undefined),
    print: (line) => void printed.push(line),
    ...more,
  };
  const error = await applyChanges(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, printed, verified, text: readFileSync(path, 'utf8'), files: readdirSync(join(path, '..')) };
}

test('prints what is added, removed and changed, verifies it, and writes', async () => {
  const { error, printed, verified, text, files } = await pin({});
  assert.equal(error, undefined);
  assert.deepEqual(printed, ['a 2 → 3', '- b 1', '+ c 1']);
  assert.deepEqual(verified, ['a', 'c']);
  assert.equal(text, 'new');
  assert.deepEqual(files, ['x.lock.json']);
});

test('refuses to go back, names it, and writes nothing', async () => {
  const { error, printed, text } = await pin({ after: versions({ a: '1', b: '1', d: '1' }) });
  assert.match(String(error), /a 2 → 1/);
  assert.equal((error as { code?: string }).code, 'PIN_DOWNGRADE');
  assert.deepEqual(printed, ['a 2 → 1 (older)']);
  assert.equal(text, 'old');
});

test('goes back where it is told to', async () => {
  const { error, text } = await pin({ after: versions({ a: '1' }), allowDowngrade: true });
  assert.equal(error, undefined);
  assert.equal(text, 'new');
});

test('writes nothing that cannot be fetched', async () => {
  const { error, text } = await pin({ verify: () => Promise.reject(new Error('changed')) });
  assert.match(String(error), /changed/);
  assert.equal(text, 'old');
});

test('leaves alone what is the same', async () => {
  const same = versions({ a: '1' });
  const { verified, text } = await pin({ before: same, after: same, isUnchanged: true });
  assert.deepEqual(verified, []);
  assert.equal(text, 'old');
});

test('tells other content under the same version', () => {
  const at = (hash: string) => new Map([['a', { version: '1', hash }]]);
  assert.deepEqual(compareLocks(at('x'), at('y'), byNumber), [
    { package: 'a', from: '1', to: '1', isDowngrade: false },
  ]);
});

test('asks for a list, and says so of one that is none', async () => {
  assert.throws(() => parsePinArguments([], 'x/y.json'), { code: 'PIN_USAGE', hint: /x\/y\.json/ });
  assert.throws(() => parsePinArguments(['a.txt'], 'x/y.json'), { code: 'PIN_USAGE', message: /a\.txt/ });
  assert.equal(parsePinArguments(['/a.json', 'b@1', '--allow-downgrade'], 'y.json').allowDowngrade, true);
  const path = join(folder(), 'x.json');
  assert.equal(await readLockBefore(path), undefined);
  await assert.rejects(readList(path), { code: 'PIN_LIST_UNREADABLE', message: /ENOENT/ });
  writeFileSync(path, '{');
  await assert.rejects(readLockBefore(path), { code: 'PIN_LIST_UNREADABLE', message: /not JSON/ });
});

test('tells what the ecosystem’s client said when it failed, and what to install where it is missing', async () => {
  const options = {
    doing: 'Resolving x',
    cwd: '/',
    env: {},
    signal: AbortSignal.timeout(30_000),
    hint: 'Correct x.',
    missingHint: 'Install it.',
  };
  const script = 'process.stderr.write("no such package"); process.exitCode = 3';
  await assert.rejects(runTool(process.execPath, ['-e', script], options), {
    code: 'PIN_TOOL_FAILED',
    message: /Resolving x: .* ended with 3\nno such package/,
  });
  await assert.rejects(runTool('no-such-program', [], options), { code: 'PIN_TOOL_MISSING', hint: 'Install it.' });
  assert.equal(await runTool(process.execPath, ['-p', '1'], options), '1\n');
});

test('knows the modules of a go.mod, a replaced one by what replaces it', () => {
  const json = JSON.stringify({
    Go: '1.26',
    Require: [
      { Path: 'a.example/x', Version: 'v1.0.0' },
      { Path: 'a.example/y', Version: 'v0.0.0' },
    ],
    Replace: [{ Old: { Path: 'a.example/y' }, New: { Path: 'b.example/y', Version: 'v2.0.0' } }],
  });
  const modules = modulesOf(
    json,
    'a.example/x v1.0.0 h1:x=\na.example/x v1.0.0/go.mod h1:m=\nb.example/y v2.0.0 h1:y=\n',
  );
  assert.deepEqual(modules.get('a.example/x'), { version: 'v1.0.0', hash: 'h1:x=' });
  assert.deepEqual(modules.get('a.example/y'), { version: 'v2.0.0', hash: 'h1:y=' });
  assert.equal(modules.get('go')?.version, '1.26');
});

for (const [older, newer] of [
  ['v1.2.3', 'v1.10.0'],
  ['v0.0.0-20250101000000-aaaaaaaaaaaa', 'v0.0.0-20260101000000-000000000000'],
  ['v1.0.0-rc.1', 'v1.0.0'],
  ['1.9', '1.26.1'],
] as const) {
  test(`orders Go's version ${older} before ${newer}`, () => {
    assert.ok(compareGoVersions(older, newer) < 0);
    assert.ok(compareGoVersions(newer, older) > 0);
  });
}
