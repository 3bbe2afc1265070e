// Golden files as people meet them: the test that compares, and the command that writes them anew.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

const BY_MACRO = 'fathom/tools/k8s/tests/services/by_macro';
const UPDATE = 'bazel run //x:update_goldens';
const MANIFESTS = ['kind: Deployment\nspec: {replicas: 1}\n', 'kind: Service\n'];
const TEXT = `# //x:dev, as it is deployed; written by \`${UPDATE}\`.\n---\n${MANIFESTS.join('---\n')}`;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-golden-'));
  await mkdir(join(folder, 'x/golden'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(program: string, args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, BUILD_WORKSPACE_DIRECTORY: folder };
  return new Promise((done) => {
    execFile(runfile(program), args, { env }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Runs the program on a stack //x:dev, whose golden file holds `golden`. */
async function golden(golden: string | undefined, ...args: readonly string[]): Promise<Outcome> {
  // Names of runfiles that lead to the folder of the test.
  const written = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return relative(process.env['RUNFILES_DIR'] ?? '', join(folder, name));
  };
  const manifests = await Promise.all(MANIFESTS.map((text, index) => written(`${index}.yaml`, text)));
  const file = golden === undefined ? '' : await written('x/golden/dev.yaml', golden);
  const request = join(folder, 'request.json');
  const own = { stack: '//x:dev', path: 'x/golden/dev.yaml', update: UPDATE, golden: file, manifests };
  const names = await readdir(join(folder, 'x/golden'));
  const stray = names
    .filter((name) => name !== 'dev.yaml')
    .map((name) => ({ path: `x/golden/${name}`, update: UPDATE }));
  await writeFile(request, JSON.stringify({ label: '//x:golden_test', goldens: [own], stray }));
  return run('fathom/tools/k8s/golden', [request, ...args]);
}

test('the golden files of a service are those that its test compares', async () => {
  assert.deepEqual(await run(`${BY_MACRO}/golden_test`, []), { code: 0, stdout: '', stderr: '' });
  const { code, stdout } = await run(`${BY_MACRO}/update_goldens`, []);
  assert.equal(stdout, '2 golden files, 0 written, 0 removed\n');
  assert.equal(code, 0);
});

test('a golden file has the pinned digest, and the placeholder of a personal namespace', async () => {
  const read = (env: string) => readFile(runfile(`${BY_MACRO}/golden/${env}.yaml`), 'utf8');
  assert.match(await read('dev'), /image: registry\.\S+\/by_macro@sha256:0+1\n/);
  assert.match(await read('myns'), /namespace: myns-placeholder\n/);
  assert.match(await read('myns'), /image: registry\.\S+\/by_macro\n/);
});

test('a right golden file passes', async () => {
  assert.deepEqual(await golden(TEXT), { code: 0, stdout: '', stderr: '' });
});

for (const [what, found, lines] of [
  ['a changed line', TEXT.replace('replicas: 1', 'replicas: 2'), ['-spec: {replicas: 2}', '+spec: {replicas: 1}']],
  ['a missing object', TEXT.replace('---\nkind: Service\n', ''), ['+kind: Service']],
  ['an object too many', `${TEXT}---\nkind: Secret\n`, ['-kind: Secret']],
  ['a missing file', undefined, ['--- /dev/null', '+kind: Service']],
] as const) {
  test(`${what} fails with the difference and the command`, async () => {
    const { code, stderr } = await golden(found);
    assert.equal(code, 1);
    const shown = stderr.split('\n');
    assert.match(shown[0] ?? '', /^error: K8S_GOLDEN_DIFFERS: Comparing golden files in \/\/x:golden_test:$/);
    for (const line of lines) assert.ok(shown.includes(line), `${line} is not in\n${stderr}`);
    assert.equal(shown.at(-2), `  hint: If this is what should be deployed: ${UPDATE}`);
  });

  test(`--update mends ${what}`, async () => {
    const { code, stdout } = await golden(found, '--update');
    assert.equal(stdout, 'wrote x/golden/dev.yaml\n1 golden files, 1 written, 0 removed\n');
    assert.equal(code, 0);
    assert.equal(await readFile(join(folder, 'x/golden/dev.yaml'), 'utf8'), TEXT);
  });
}

test('a file of no environment fails, and --update removes it', async () => {
  await writeFile(join(folder, 'x/golden/qa.yaml'), 'old');
  const { code, stderr } = await golden(TEXT);
  assert.equal(code, 1);
  assert.match(stderr, /x\/golden\/qa\.yaml is the golden file of no environment/);
  const { stdout } = await golden(TEXT, '--update');
  assert.equal(stdout, 'removed x/golden/qa.yaml\n1 golden files, 0 written, 1 removed\n');
  assert.deepEqual(await readdir(join(folder, 'x/golden')), ['dev.yaml']);
});
