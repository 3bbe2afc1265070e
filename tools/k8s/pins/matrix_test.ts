// The matrix of pins: of a real git repository.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { matrix } from './matrix.ts';
import { promote } from './promote.ts';
import { release } from './release.ts';
import { createStage, REF, type Stage } from './testing/stage.ts';
import { PINS } from './testing/test_service.ts';

let stage: Stage;
before(async () => {
  stage = await createStage();
});
beforeEach(() => stage.renew());
after(() => stage[Symbol.asyncDispose]());

test('the matrix shows each environment with its age and the commits that concern the image', async () => {
  await stage.service.build('matrix');
  await release(stage.service.context('release'));
  await promote(stage.service.context('promote', '--to=staging'));
  await stage.service.commit('services/x/main.ts', 'two', 'one more');
  await stage.service.commit('docs/readme.md', 'two', 'nothing of it');
  stage.service.printed.length = 0;
  assert.equal(await matrix(stage.service.context('matrix')), 0);
  const [head = '', row = ''] = stage.service.printed;
  assert.match(head, /^image +dev +staging +prod$/);
  assert.match(row, /^services\/x +[0-9a-f]{12}, \ds, 1 behind +[0-9a-f]{12}, \ds, 1 behind +no pin$/);

  stage.service.printed.length = 0;
  await matrix(stage.service.context('matrix', '--output=json'));
  const { commit, pins } = JSON.parse(stage.service.printed[0] ?? '');
  assert.equal(commit, await stage.service.git('rev-parse', 'HEAD'));
  assert.deepEqual(
    pins.map(({ environment, state, lag }: Record<string, unknown>) => [environment, state, lag]),
    [
      ['dev', 'pinned', 1],
      ['staging', 'pinned', 1],
      ['prod', 'missing', undefined],
    ],
  );
});

test('the matrix says that a commit is not in the repository, and that a file is broken', async () => {
  await stage.service.build('matrix');
  await release(stage.service.context('release'));
  const pin = { ...(await stage.service.pins())['dev']?.[REF], commit: 'd'.repeat(40) };
  await writeFile(join(stage.service.workspace, PINS), JSON.stringify({ dev: { [REF]: pin } }));
  stage.service.printed.length = 0;
  assert.equal(await matrix(stage.service.context('matrix')), 0);
  assert.match(stage.service.printed[1] ?? '', /d{12}, \ds, not in this repository/);
  await writeFile(join(stage.service.workspace, PINS), '[');
  assert.equal(await matrix(stage.service.context('matrix')), 1);
  assert.match(stage.service.logged.at(-1) ?? '', /K8S_PINS_INVALID/);
});
