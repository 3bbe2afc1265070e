// promote: on a real git repository, with real registries.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promote } from './promote.ts';
import { release } from './release.ts';
import { createStage, deleteManifest, lookUp, PROD_REF, REF, type Stage } from './testing/stage.ts';
import { PINS } from './testing/test_service.ts';

let stage: Stage;
before(async () => {
  stage = await createStage();
});
beforeEach(() => stage.renew());
after(() => stage[Symbol.asyncDispose]());

test('promote copies a pin within a registry, and prints the commits that concern the image', async () => {
  const first = await stage.service.build('first');
  await release(stage.service.context('release'));
  await stage.service.commit(PINS, await readFile(join(stage.service.workspace, PINS), 'utf8'), 'record a pin');
  await promote(stage.service.context('promote', '--to=staging'));
  assert.deepEqual((await stage.service.pins())['staging'], (await stage.service.pins())['dev']);

  await stage.service.commit('services/x/main.ts', 'two', 'make it faster');
  await stage.service.commit('docs/readme.md', 'two', 'tell of it');
  await stage.service.commit('lib/a.ts', 'two', 'change what it uses');
  const second = await stage.service.build('second');
  await release(stage.service.context('release'));
  stage.service.printed.length = 0;
  await promote(stage.service.context('promote', '--to=staging'));
  const text = stage.service.printed.join('\n');
  assert.match(text, new RegExp(`${first} → ${second}`));
  assert.match(text, /2 of \d concern what it is built of/);
  assert.match(text, /\+ [0-9a-f]{12} change what it uses\n.*\+ [0-9a-f]{12} make it faster/);
  assert.doesNotMatch(text, /tell of it|record a pin/);
});

test('promote says what a step back takes away', async () => {
  await stage.service.build('old');
  await release(stage.service.context('release'));
  const old = await stage.service.pins();
  await stage.service.commit('services/x/main.ts', 'two', 'a change that is taken back');
  await stage.service.build('new');
  await release(stage.service.context('release'));
  await promote(stage.service.context('promote', '--to=staging'));
  await writeFile(
    join(stage.service.workspace, PINS),
    JSON.stringify({ ...(await stage.service.pins()), dev: old['dev'] }),
  );
  stage.service.printed.length = 0;
  await promote(stage.service.context('promote', '--to=staging'));
  assert.match(
    stage.service.printed.join('\n'),
    /goes back: 1 commits.*\n.*- [0-9a-f]{12} a change that is taken back/,
  );
});

test('promote copies an image and what refers to it to the registry of the next environment', async () => {
  const digest = await stage.service.build('other registry');
  await release(stage.service.context('release'));
  await promote(stage.service.context('promote', '--to=staging'));
  assert.equal((await lookUp(stage.two, digest)).missing.length, 1);
  await promote(stage.service.context('promote', '--to=prod'));
  assert.deepEqual(await lookUp(stage.two, digest), { missing: [], types: ['application/spdx+json'] });
  const pins = await stage.service.pins();
  assert.deepEqual(pins['prod'], { [PROD_REF]: pins['staging']?.[REF] });
  // A second time nothing is sent, and nothing written.
  stage.service.logged.length = 0;
  await promote(stage.service.context('promote', '--to=prod'));
  assert.deepEqual(stage.service.logged, [`${PINS}: as it was`]);
});

test('promote with --dry-run prints the change, and copies and records nothing', async () => {
  const digest = await stage.service.build('dry');
  await release(stage.service.context('release'));
  await promote(stage.service.context('promote', '--to=staging'));
  stage.service.printed.length = 0;
  await promote(stage.service.context('promote', '--to=prod', '--dry-run'));
  assert.match(stage.service.printed.join('\n'), new RegExp(`no pin → ${digest}`));
  assert.equal((await stage.service.pins())['prod'], undefined);
  assert.equal((await lookUp(stage.two, digest)).missing.length, 1);
});

for (const to of ['staging', 'prod'] as const) {
  test(`promote to ${to} refuses an image that is gone, naming its commit and what restores it`, async () => {
    const digest = await stage.service.build(`gone ${to}`);
    const commit = await stage.service.git('rev-parse', 'HEAD');
    await release(stage.service.context('release'));
    if (to === 'prod') await promote(stage.service.context('promote', '--to=staging'));
    const before = await stage.service.pins();
    await deleteManifest(stage.one, digest);
    await assert.rejects(promote(stage.service.context('promote', `--to=${to}`)), {
      code: 'K8S_PIN_GONE',
      message: new RegExp(`${digest}.*services/x/pins\\.json.*${commit}`),
      hint: new RegExp(`//services/x:restore -- --env=${to === 'prod' ? 'staging' : 'dev'}`),
    });
    assert.deepEqual(await stage.service.pins(), before);
  });
}

test('promote refuses a pin whose commit is not in the repository', async () => {
  await stage.service.build('foreign');
  await release(stage.service.context('release'));
  const pin = { ...(await stage.service.pins())['dev']?.[REF], commit: 'd'.repeat(40) };
  await writeFile(join(stage.service.workspace, PINS), JSON.stringify({ dev: { [REF]: pin } }));
  await assert.rejects(promote(stage.service.context('promote', '--to=staging')), {
    code: 'K8S_PIN_COMMIT_UNKNOWN',
    message: /d{40} is not in this repository/,
    hint: /git fetch/,
  });
});

test('promote records nothing where the pin was changed after it was shown', async () => {
  await stage.service.build('shown');
  await release(stage.service.context('release'));
  const pins = await stage.service.pins();
  const other = { dev: { [REF]: { ...pins['dev']?.[REF], digest: `sha256:${'2'.repeat(64)}` } } };
  const context = stage.service.context('promote', '--to=staging');
  const print = () => writeFileSync(join(stage.service.workspace, PINS), JSON.stringify(other));
  await assert.rejects(promote({ ...context, print }), { code: 'K8S_PINS_BUSY', hint: /Run it again/ });
  assert.deepEqual(await stage.service.pins(), other);
});

test('promote says what is to be released or promoted first, and which environments there are', async () => {
  await assert.rejects(promote(stage.service.context('promote', '--to=staging')), {
    code: 'K8S_PIN_MISSING',
    hint: /\/\/services\/x:release/,
  });
  await assert.rejects(promote(stage.service.context('promote', '--to=prod')), {
    code: 'K8S_PIN_MISSING',
    hint: /\/\/services\/x:promote -- --to=staging/,
  });
  await assert.rejects(promote(stage.service.context('promote')), {
    code: 'K8S_USAGE',
    hint: /--to=staging \(from dev\)/,
  });
  await assert.rejects(promote(stage.service.context('promote', '--to=dev')), { code: 'K8S_USAGE', hint: /:release/ });
});
