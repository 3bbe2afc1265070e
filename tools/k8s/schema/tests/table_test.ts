// Fifty wrong manifests and more: each is found, in its place, in words that help; without the checks none is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECKS, checkManifests } from '../check.ts';
import type { Manifest } from '../finding.ts';
import { findingText } from '../report.ts';
import { testCatalog } from '../testing/catalogs.ts';
import { GOOD, WIDGETS } from '../testing/good_objects.ts';
import { WRONG } from '../testing/wrong_manifests.ts';
import type { WrongManifest } from '../testing/wrong_row.ts';

const catalog = await testCatalog([WIDGETS]);

function manifestOf({ object, kubernetesVersion }: WrongManifest): Manifest {
  const version = kubernetesVersion === undefined ? {} : { kubernetesVersion };
  return { label: '//x:y', file: 'x/y.json', objects: [object], ...version };
}

/** What a row expects and what the checks say. */
function outcome(row: WrongManifest, checks = Object.values(CHECKS)) {
  const findings = checkManifests([manifestOf(row)], catalog, checks);
  return {
    findings,
    isRight: findings.length === 1 && findings[0]?.code === row.code && findings[0].path === row.path,
  };
}

test('the table has fifty rows and more, each with a name of its own', () => {
  assert.ok(WRONG.length >= 50, `it has ${WRONG.length}`);
  assert.equal(new Set(WRONG.map(({ name }) => name)).size, WRONG.length);
});

for (const row of WRONG) {
  test(`finds ${row.name}`, () => {
    const { findings } = outcome(row);
    assert.deepEqual(
      findings.map(({ code, path }) => [code, path]),
      [[row.code, row.path]],
    );
    const [finding] = findings;
    assert.ok(finding !== undefined);
    const text = findingText(finding);
    for (const part of [row.code, 'x/y.json', finding.object, row.path, row.says]) {
      assert.ok(text.includes(part), `'${part}' is not in: ${text}`);
    }
    assert.match(finding.object, new RegExp(`^${row.object.kind} (\\S+/)?${row.object.metadata.name}$`));
    assert.match(finding.hint, /^[A-Z].*\.$/);
  });
}

test('with the checks switched off every row fails', () => {
  assert.deepEqual(
    WRONG.filter((row) => outcome(row, []).isRight).map(({ name }) => name),
    [],
  );
});

for (const [name, check] of Object.entries(CHECKS)) {
  test(`without the check '${name}' the rows that need it fail, and only those`, () => {
    const others = Object.values(CHECKS).filter((one) => one !== check);
    const failed = WRONG.filter((row) => !outcome(row, others).isRight);
    const alone = WRONG.filter((row) => outcome(row, [check]).findings.some(({ code }) => code === row.code));
    assert.ok(failed.length >= 5, `only ${failed.length} rows need it`);
    assert.deepEqual(
      failed.filter((row) => !alone.includes(row)).map((row) => row.name),
      [],
    );
  });
}

test('finds nothing in good objects', () => {
  const objects = [WIDGETS, ...Object.values(GOOD)];
  assert.deepEqual(checkManifests([{ label: '', file: 'good.json', objects }], catalog).map(findingText), []);
});

test('tells all findings of all objects, in their order', () => {
  const objects = WRONG.map(({ object }) => object);
  const findings = checkManifests([{ label: '', file: 'all.json', objects }], catalog);
  // Two rows are wrong for one release of Kubernetes only.
  assert.equal(findings.length, WRONG.filter(({ kubernetesVersion }) => kubernetesVersion === undefined).length);
});
