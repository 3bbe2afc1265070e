// The program of every oci_image_test: one case for each thing that the target asks for.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { readImage } from '../image/oci_image.ts';
import { readJson } from '../image/read_json.ts';
import { inspectImage } from '../inspect/inspected.ts';
import { resolvePath, viewImage } from '../inspect/view.ts';
import { checkImage } from './checks.ts';
import { insideSpec, mayBecomeAnyUser, startProgram } from './container.ts';
import { runProblem } from './run.ts';
import { parseSpec } from './spec.ts';
import { unpackImage } from './unpack.ts';

const [specPath, imagePath, inside] = ['SPEC', 'IMAGE', 'INSIDE'].map(
  (name) => process.env[`OCI_TEST_${name}`] ?? '',
) as [string, string, string];
const spec = parseSpec(await readJson(specPath), specPath);
const image = await readImage(imagePath, (name) => runfile(name));
const inspected = await inspectImage(image, spec.label);

for (const { name, problem } of checkImage(inspected, spec)) {
  test(name, () => assert.equal(problem, undefined));
}

const { run, texts } = spec;
if (run !== undefined || Object.keys(texts).length > 0) {
  const root = await mkdtemp(join(tmpdir(), 'image-'));
  after(() => rm(root, { recursive: true, force: true }));
  const isRoot = mayBecomeAnyUser();
  await unpackImage({ image, inspected, folder: root, owners: isRoot });
  const { entries } = viewImage(inspected.layers.map(({ contents }) => contents));
  for (const [path, pattern] of Object.entries(texts)) {
    test(`has a text in ${path} that matches ${pattern}`, async () => {
      const place = resolvePath(entries, path)?.path;
      assert.ok(place !== undefined, `${path} is not in the image`);
      assert.match(await readFile(join(root, place), 'utf8'), new RegExp(pattern));
    });
  }
  if (run !== undefined) {
    test(run.port === undefined ? 'runs as expected' : `runs and answers at port ${run.port}`, async () => {
      const { args, env, writable } = run;
      const started = insideSpec(inspected.config.config ?? {}, { root, writable, isRoot, args, env });
      await using program = startProgram({ spec: started, inside });
      assert.equal(await runProblem(program, run), undefined);
    });
  }
}
