import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { compareLogFiles, compareLogs, differencesOf } from './compare_logs.ts';
import { undeclared } from './declared.ts';
import { type LoggedAction, ObjectSplitter, parseAction, readActions } from './execution_log.ts';
import { judge, planted } from './verdict.ts';

const recorded = (name: string) => runfile(`fathom/tools/ci/hermetic/testdata/${name}.json`);

function split(pieces: Iterable<Buffer>, maxBytes?: number): readonly unknown[] {
  const splitter = new ObjectSplitter(maxBytes);
  const found: unknown[] = [];
  for (const piece of pieces) found.push(...splitter.push(piece));
  splitter.end();
  return found;
}

function action(output: string, parts: Partial<LoggedAction> = {}): LoggedAction {
  return {
    mnemonic: 'Do',
    args: ['tool', output],
    env: ['LC_ALL=C'],
    platform: [],
    inputs: [{ path: 'tool', content: '1 (1 bytes)' }],
    outputs: [output],
    written: [{ path: output, content: '2 (2 bytes)' }],
    runner: 'linux-sandbox',
    ...parts,
  };
}

const OBJECTS = '{"a":"}{","b":{"c":"\\"}","d":"é\\\\"}}{}\n {"e":[{}]}';
const EXPECTED = [{ a: '}{', b: { c: '"}', d: 'é\\' } }, {}, { e: [{}] }];

test('cuts objects that come one byte at a time, all at once, or in any two pieces', () => {
  const bytes = Buffer.from(OBJECTS);
  assert.deepEqual(split([...bytes].map((byte) => Buffer.from([byte]))), EXPECTED);
  assert.deepEqual(split([bytes]), EXPECTED);
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(split([bytes.subarray(0, at), bytes.subarray(at)]), EXPECTED, `cut at ${at}`);
  }
});

for (const [what, text, message] of [
  ['a log that ends within an object', '{"a":1}{"b"', /ends within an object, after 4 bytes/],
  ['an object that is no JSON', '{"a":}', /no JSON/],
  ['an object that is larger than the limit', `{"a":"${'x'.repeat(200)}"}`, /more than 100 bytes/],
] as const) {
  test(`refuses ${what}`, () => {
    assert.throws(() => split([Buffer.from(text)], 100), { code: 'HERMETIC_LOG', message });
  });
}

for (const [what, value] of [
  ['a text', 'x'],
  ['arguments that are no list', { mnemonic: 'Do', commandArgs: 'x' }],
  ['an input without a path', { mnemonic: 'Do', inputs: [{ digest: { hash: 'x' } }] }],
] as const) {
  test(`refuses ${what} in the place of an action`, () => {
    assert.throws(() => parseAction(value), { code: 'HERMETIC_LOG' });
  });
}

for (const name of ['bazel_4', 'bazel_7']) {
  test(`reads every action of a log of ${name}, and finds that it is the same as itself`, async () => {
    const actions: LoggedAction[] = [];
    for await (const one of readActions(recorded(name))) actions.push(one);
    const written = readFileSync(recorded(name), 'utf8').match(/"mnemonic"/g)?.length;
    assert.ok(actions.length >= 2);
    assert.equal(actions.length, written);
    assert.ok(actions.every(({ inputs, written: files }) => inputs.length > 0 && files.length > 0));
    assert.ok(
      actions.every(({ inputs }) =>
        inputs.every(({ content }) => /^([0-9a-f]{64} \(\d+ bytes\)|link to .+|)$/.test(content)),
      ),
    );
    const same = await compareLogFiles(recorded(name), recorded(name));
    assert.deepEqual(same, { actions: actions.length, differing: 0, first: undefined });
  });
}

test('names the input by which two recorded builds part, where a repository rule read HOME', async () => {
  const { first, ...counts } = await compareLogFiles(recorded('home_a'), recorded('home_b'));
  assert.deepEqual(counts, { actions: 2, differing: 2 });
  assert.match(first?.action ?? '', /^Script of bazel-out\/\S+\/home\.txt$/);
  assert.match(
    first?.differences.join('\n') ?? '',
    /^input external\/home\/home\.txt: [0-9a-f]{64} \(\d+ bytes\) and .*$/,
  );
});

test('names the output by which two recorded builds part, where an action read a clock', async () => {
  const { first, ...counts } = await compareLogFiles(recorded('clock_a'), recorded('clock_b'));
  assert.deepEqual(counts, { actions: 2, differing: 2 });
  assert.match(first?.differences.join('\n') ?? '', /^output \S+\/clock\.txt: .* and .*, of the same inputs$/);
});

for (const [what, change, line] of [
  ['an argument', { args: ['tool', 'y'] }, 'argument 1: x and y'],
  ['a variable', { env: ['LC_ALL=C', 'HOME=/a=b'] }, 'variable HOME: absent and /a=b'],
  ['a platform', { platform: ['os=linux'] }, 'platform os: absent and linux'],
  ['an input', { inputs: [{ path: 'tool', content: '3' }] }, 'input tool: 1 (1 bytes) and 3'],
  ['a missing input', { inputs: [] }, 'input tool: 1 (1 bytes) and absent'],
  ['an output', { written: [{ path: 'x', content: '3' }] }, 'output x: 2 (2 bytes) and 3, of the same inputs'],
  ['an output that was not listed', { outputs: ['x', 'z'] }, 'listed output 1: absent and z'],
] as const) {
  test(`tells two runs of an action apart by ${what}`, () => {
    assert.deepEqual(differencesOf(action('x'), action('x', change)), [line]);
  });
}

test('tells nothing of who ran an action', async () => {
  const { differing } = await compareLogs(
    () => [action('x')],
    () => [action('x', { runner: 'remote' })],
  );
  assert.equal(differing, 0);
});

test('counts actions that only one build ran, and names the first of them', async () => {
  const compare = (a: readonly string[], b: readonly string[]) =>
    compareLogs(
      () => a.map((name) => action(name)),
      () => b.map((name) => action(name)),
    );
  const second = { action: 'Do of y', differences: ['only the second build ran it'] };
  assert.deepEqual(await compare(['x'], ['x', 'y', 'z']), { actions: 3, differing: 2, first: second });
  const firstOnly = { action: 'Do of x', differences: ['only the first build ran it'] };
  assert.deepEqual(await compare(['x', 'y'], ['y']), { actions: 2, differing: 1, first: firstOnly });
});

for (const [what, change, line] of [
  ['a program that is no input', { args: ['/bin/bash', '-c', 'x'] }, 'program /bin/bash, which is no input'],
  ['a path of the machine', { args: ['tool', '--from=/usr/lib/x'] }, 'argument --from=/usr/lib/x'],
  ['a PATH', { env: ['PATH=/bin:/usr/bin'] }, 'variable PATH=/bin:/usr/bin'],
  ['a HOME', { env: ['HOME=/root'] }, 'variable HOME=/root'],
] as const) {
  test(`finds ${what} in an action`, () => {
    assert.deepEqual(undeclared(action('x', change)), [`Do of x: ${line}`]);
  });
}

for (const [what, change] of [
  ['an empty PATH', { env: ['PATH='] }],
  ['a path in the execution root', { args: ['tool', '--out=bazel-out/usr/bin/x'] }],
  ['the path of a source in an image', { mnemonic: 'PyBytecode', args: ['tool', '/usr/lib/python3.13'] }],
  ["a C compiler's PATH, for cgo", { mnemonic: 'GoBuild', env: ['PATH=/usr/bin:/bin'] }],
] as const) {
  test(`has nothing against ${what}`, () => {
    assert.deepEqual(undeclared(action('x', change)), []);
  });
}

test('says what was compared, where nothing was found', () => {
  const same = { actions: 3, differing: 0, first: undefined };
  assert.match(judge(same, { undeclared: [], sandboxed: 2 }, []), /^3 actions are the same in both builds, 2 of them/);
});

for (const [what, found, code] of [
  ['no action', { actions: 0 }, 'HERMETIC_NOTHING'],
  [
    'an action that differs',
    { differing: 1, first: { action: 'Do of x', differences: ['input y: 1 and 2'] } },
    'HERMETIC_DIFFERS',
  ],
  ['images that differ though no action does', { images: ['x.digest: 1 and 2'] }, 'HERMETIC_DIFFERS'],
  ['an action that uses what it does not declare', { undeclared: ['Do of x: program date'] }, 'HERMETIC_UNDECLARED'],
] as const) {
  test(`fails for ${what}`, () => {
    const {
      actions,
      differing,
      first,
      images,
      undeclared: lines,
    } = {
      ...{ actions: 3, differing: 0, first: undefined, images: [], undeclared: [] },
      ...found,
    };
    assert.throws(() => judge({ actions, differing, first }, { undeclared: lines, sandboxed: 0 }, images), { code });
  });
}

test('shows ten differences of an action, and how many more there are', () => {
  const differences = Array.from({ length: 13 }, (_, at) => `input ${at}: 1 and 2`);
  const first = { action: 'Do of x', differences };
  assert.match(planted('x.ts', { actions: 1, differing: 1, first }), /input 9: 1 and 2\n {2}and 3 more$/);
});

test('does not believe itself when it has not seen what was planted', () => {
  assert.throws(() => planted('x.ts', { actions: 1, differing: 0, first: undefined }), { code: 'HERMETIC_BLIND' });
});
