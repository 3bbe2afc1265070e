// The checks behind oci_image_test, each seen to fail: on images that are good, and on images that are not.
import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import type { ImageSettings } from '../image/build_image.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import { inspectImage } from '../inspect/inspected.ts';
import type { LayerSource } from '../layer/sources.ts';
import { imageOf, layerOf, text } from '../testing/built_layers.ts';
import { rawTar } from '../testing/raw_tar.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { checkImage } from './checks.ts';
import { insideSpec, mayBecomeAnyUser, startProgram } from './container.ts';
import { runProblem } from './run.ts';
import { type RunSpec, parseSpec } from './spec.ts';
import { unpackImage } from './unpack.ts';

const BUSYBOX = process.env['BUSYBOX_DEB'] ?? '';
const INSIDE = process.env['INSIDE'] ?? '';

const GOOD: ImageSettings = {
  user: '65532:65532',
  entrypoint: ['/bin/x'],
  cmd: ['a'],
  env: { A: '1' },
  workdir: '/app',
  labels: { team: 'x' },
  ports: ['8080'],
};

/** The problems that a test finds in an image with one file, /app/x. */
async function problemsOf(asked: object, settings = GOOD, more: readonly LayerSource[] = []): Promise<string[]> {
  await using folder = await scratchFolder();
  const file: LayerSource = { ...text('/app/x', 'content', '0640'), uid: 7, gid: 8 } as LayerSource;
  const link: LayerSource = { kind: 'symlink', path: '/link', target: 'app' };
  const layer = await layerOf(folder.path, 'layer', [file, link, ...more]);
  const image = await inspectImage(await imageOf(folder.path, 'i', [layer], settings), 'i');
  return checkImage(image, parseSpec({ label: '//x:image', ...asked }, 'spec')).flatMap(({ problem }) => problem ?? []);
}

test('finds nothing wrong with an image that is as it should be', async () => {
  const asked = {
    files: ['/app/x', '/link/x'],
    absentFiles: ['/app/y'],
    modes: { '/app/x': '0640' },
    owners: { '/app/x': '7:8' },
    entrypoint: ['/bin/x'],
    cmd: ['a'],
    env: { A: '1' },
    user: '65532:65532',
    workdir: '/app',
    labels: { team: 'x' },
    ports: ['8080'],
    maxBytes: 10_000,
    maxLayerBytes: { layer: '10000' },
  };
  assert.deepEqual(await problemsOf(asked), []);
});

for (const [what, asked, words] of [
  ['a missing file', { files: ['/app/y'] }, /\/app\/y is not in the image/],
  ['a file that should not be there', { absentFiles: ['/link/x'] }, /\/link\/x is in the image/],
  ['another mode', { modes: { '/app/x': '0644' } }, /mode 0640, not 0644/],
  ['another owner', { owners: { '/app/x': '0:0' } }, /owner 7:8, not 0:0/],
  ['another entrypoint', { entrypoint: ['/bin/y'] }, /entrypoint \["\/bin\/x"\], not \["\/bin\/y"\]/],
  ['another cmd', { cmd: ['b'] }, /cmd \["a"\], not \["b"\]/],
  ['another variable', { env: { A: '2' } }, /variable A "1", not "2"/],
  ['a missing variable', { env: { B: '2' } }, /variable B nothing, not "2"/],
  ['another user', { user: '1:1' }, /user "65532:65532", not "1:1"/],
  ['another working folder', { workdir: '/' }, /workdir "\/app", not "\/"/],
  ['a missing label', { labels: { owner: 'y' } }, /label owner nothing, not "y"/],
  ['a missing port', { ports: ['8081'] }, /port 8081\/tcp is not in the configuration/],
  ['too many bytes', { maxBytes: 10 }, /it has .* more than 10/],
  ['too large a layer', { maxLayerBytes: { layer: '10' } }, /layer \/\/layer has .* more than 10/],
  ['a limit for a layer that is not there', { maxLayerBytes: { other: '10' } }, /there are \/\/layer/],
] as const) {
  test(`finds ${what}`, async () => {
    const problems = await problemsOf(asked);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', words);
  });
}

for (const [user, words] of [
  ['0:0', /runs as root/],
  ['nonroot', /"nonroot", which is no number/],
] as const) {
  test(`finds that an image’s user is ${user}, unless that is allowed`, async () => {
    const problems = await problemsOf({}, { ...GOOD, user });
    assert.match(problems.join(), words);
    assert.deepEqual(await problemsOf({ allowRoot: true }, { ...GOOD, user }), []);
  });
}

test('finds a shell, unless that is allowed', async () => {
  const shell = [text('/usr/bin/dash', '', '0755')];
  assert.deepEqual(await problemsOf({}, GOOD, shell), ['it has /usr/bin/dash']);
  assert.deepEqual(await problemsOf({ allowShell: true }, GOOD, shell), []);
});

test('unpacks what a container would see, with modes and owners', async () => {
  await using folder = await scratchFolder();
  const below = await layerOf(folder.path, 'below', [text('/etc/x', '1'), text('/etc/gone', '1')]);
  const above = await layerOf(folder.path, 'above', [
    { ...text('/etc/x', '2', '0600'), uid: 7, gid: 8 } as LayerSource,
    { kind: 'whiteout', path: '/etc/gone' },
    { kind: 'directory', path: '/locked', mode: '0500' },
  ]);
  const image = await imageOf(folder.path, 'i', [below, above]);
  const root = join(folder.path, 'root');
  await mkdir(root);
  const owners = mayBecomeAnyUser();
  await unpackImage({ image, inspected: await inspectImage(image, 'i'), folder: root, owners });
  assert.equal(await readFile(join(root, 'etc/x'), 'utf8'), '2');
  const info = await stat(join(root, 'etc/x'));
  assert.equal(info.mode & 0o7777, 0o600);
  if (owners) assert.deepEqual([info.uid, info.gid], [7, 8]);
  assert.equal((await stat(join(root, 'locked'))).mode & 0o7777, 0o500);
  await assert.rejects(stat(join(root, 'etc/gone')), { code: 'ENOENT' });
});

test('unpacks a hard link whose first name a layer above replaces or hides', async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, 'below.tar');
  const archive = rawTar([
    { path: 'bin/first', content: 'tool' },
    { path: 'bin/gone', content: 'other' },
    { path: 'bin/between', flag: '1', linkname: './bin/gone' },
    { path: 'bin/second', flag: '1', linkname: 'bin/first' },
    { path: 'bin/third', flag: '1', linkname: 'bin/between' },
    { path: 'bin/fourth', flag: '1', linkname: 'bin/second' },
  ]);
  await writeFile(path, archive);
  const above = await layerOf(folder.path, 'above', [
    text('/bin/first', 'new'),
    { kind: 'whiteout', path: '/bin/gone' },
    { kind: 'whiteout', path: '/bin/between' },
  ]);
  const digest = digestOf(archive);
  const descriptor = {
    mediaType: MEDIA_TYPE.layer,
    digest,
    size: archive.length,
    diffId: digest,
    createdBy: '//below',
  };
  const contents = { createdBy: '//below', packages: [], inputs: [], entries: [] };
  const below = { path, descriptor, contents, contentsPath: join(folder.path, 'absent') };
  const image = await imageOf(folder.path, 'i', [below, above]);
  const root = join(folder.path, 'root');
  await mkdir(root);
  await unpackImage({ image, inspected: await inspectImage(image, 'i'), folder: root, owners: false });
  const found = await Promise.all(
    (await readdir(join(root, 'bin')))
      .sort()
      .map(async (name) => [name, await readFile(join(root, 'bin', name), 'utf8')]),
  );
  assert.deepEqual(Object.fromEntries(found), { first: 'new', fourth: 'tool', second: 'tool', third: 'other' });
});

test('reads nothing outside of the folder for a link that leaves the image', async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, 'x.tar');
  const archive = rawTar([{ path: 'x', flag: '1', linkname: '../secret' }, { path: 'x' }]);
  await writeFile(path, archive);
  await writeFile(join(folder.path, 'secret'), '');
  const digest = digestOf(archive);
  const descriptor = { mediaType: MEDIA_TYPE.layer, digest, size: archive.length, diffId: digest, createdBy: '//x' };
  const contents = { createdBy: '//x', packages: [], inputs: [], entries: [] };
  const image = await imageOf(folder.path, 'i', [{ path, descriptor, contents, contentsPath: join(path, 'absent') }]);
  const root = join(folder.path, 'root');
  await mkdir(root);
  const inspected = await inspectImage(image, 'i');
  await assert.rejects(unpackImage({ image, inspected, folder: root, owners: false }), { code: 'OCI_PATH_INVALID' });
});

/** What is wrong with a run of a shell script in an image of Debian's busybox. */
async function runOf(script: string, asked: Partial<RunSpec> = {}, settings: ImageSettings = {}) {
  await using folder = await scratchFolder();
  const layer = await layerOf(folder.path, 'busybox', [{ kind: 'deb', source: BUSYBOX }]);
  const image = await imageOf(folder.path, 'i', [layer], {
    user: '65532:65532',
    entrypoint: ['/usr/bin/busybox', 'sh', '-c'],
    env: { PATH: '/usr/bin' },
    ...settings,
  });
  const root = join(folder.path, 'root');
  await mkdir(root);
  const isRoot = mayBecomeAnyUser();
  const inspected = await inspectImage(image, 'i');
  await unpackImage({ image, inspected, folder: root, owners: isRoot });
  const run = parseSpec({ label: '//x', run: { writable: ['/tmp'], ...asked } }, 'spec').run;
  assert.ok(run !== undefined);
  const { writable, env } = run;
  const spec = insideSpec(inspected.config.config ?? {}, { root, writable, isRoot, env, args: [script] });
  await using program = startProgram({ spec, inside: INSIDE });
  return await runProblem(program, run);
}

const ID = 'echo $(busybox id -u):$(busybox id -g)';

test('runs a program as the image’s user, in its folder, with its environment and the run’s', async () => {
  const settings = { workdir: '/usr', env: { PATH: '/usr/bin', A: 'image', B: 'image' } };
  const asked = { stdout: '^65532:65532 /usr image run\n$', env: { B: 'run' } };
  assert.equal(await runOf(`echo $(busybox id -u):$(busybox id -g) $(busybox pwd) $A $B`, asked, settings), undefined);
});

test('gives the program a read-only root, and folders that it may write to', async () => {
  assert.equal(await runOf('echo x > /tmp/file && busybox cat /tmp/file', { stdout: '^x\n$' }), undefined);
  assert.match((await runOf('echo x > /usr/file')) ?? '', /exit code 1, not 0[^]*Read-only file system/);
});

test('shows the program no file and no process of the machine', async () => {
  assert.equal(
    await runOf('busybox ls / ; busybox ls -d /proc/[0-9]* | busybox wc -l', {
      stdout: '^dev\nproc\ntmp\nusr\nvar\n[1-5]\n$',
    }),
    undefined,
  );
});

test('finds an output that does not match, and shows it', async () => {
  assert.match((await runOf(ID, { stdout: '^0:0' })) ?? '', /does not match \^0:0\nstdout: 65532:65532/);
});

test('finds an exit code that is not expected', async () => {
  assert.match((await runOf('exit 3')) ?? '', /exit code 3, not 0/);
  assert.equal(await runOf('exit 3', { exitCode: 3 }), undefined);
});

/** The command lines of all processes; a plain Debian has no ps. */
async function commandLines(): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // One that ends meanwhile has none.
  const lines = processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).map((line) => line.replaceAll('\0', ' '));
}

test('finds a program that does not end in time, and ends it', async () => {
  const started = `${process.pid}${Date.now()}`;
  assert.match((await runOf(`busybox sleep 1${started}`, { timeoutMs: 2000 })) ?? '', /did not end within 2000 ms/);
  const running = (await commandLines()).filter((line) => line.includes(`sleep 1${started}`));
  assert.deepEqual(running, []);
});

/** A server that answers HTTP at a port until SIGTERM. */
const serve = (port: number) =>
  `echo good > /tmp/index.html; busybox httpd -p 127.0.0.1:${port} -h /tmp; trap 'exit 7' TERM; while :; do busybox sleep 0.1; done`;

test('waits for an answer at the port, and for the end after SIGTERM', async () => {
  const asked = { port: 18_080, httpPath: '/index.html', httpBody: '^good', exitCode: 7 };
  assert.equal(await runOf(serve(18_080), asked), undefined);
});

test('finds an answer that does not match, and none', async () => {
  const bad = { port: 18_081, httpPath: '/index.html', httpBody: '^bad', timeoutMs: 6000 };
  assert.match((await runOf(serve(18_081), bad)) ?? '', /answered "good\\n", which does not match \^bad/);
  const none = { port: 18_082, httpPath: '/none.html', timeoutMs: 6000 };
  assert.match((await runOf(serve(18_082), none)) ?? '', /status 404/);
  assert.match(
    (await runOf('busybox sleep 60', { port: 18_083, timeoutMs: 2000 })) ?? '',
    /port 18083 does not answer/,
  );
});

test('does not wait for a port of a program that has ended', async () => {
  assert.match(
    (await runOf('echo failing; exit 5', { port: 18_084 })) ?? '',
    /ended with exit code 5 before port 18084 answered\nstdout: failing/,
  );
});

test('says that an image has no program, or a user without a number', () => {
  const options = { root: '/', writable: [], isRoot: true, args: undefined, env: {} };
  assert.throws(() => insideSpec({}, options), { code: 'OCI_TEST_NO_PROGRAM' });
  assert.throws(() => insideSpec({ Entrypoint: ['/x'], User: 'nobody' }, options), { code: 'OCI_TEST_USER' });
});

test('runs a program as root in the top folder where the configuration has empty texts for both, as Docker writes them', () => {
  const options = { root: '/', writable: [], isRoot: true, args: undefined, env: {} };
  const { uid, gid, workdir } = insideSpec({ Entrypoint: ['/x'], User: '', WorkingDir: '' }, options);
  assert.deepEqual([uid, gid, workdir], [0, 0, '/']);
});

test('knows a user namespace with few users from a machine’s root', { skip: process.getuid?.() !== 0 }, () => {
  assert.equal(mayBecomeAnyUser('         0          0 4294967295\n'), true);
  assert.equal(mayBecomeAnyUser('         0          0          1\n'), false);
  assert.equal(mayBecomeAnyUser('         0     100000      65536\n'), false);
});
