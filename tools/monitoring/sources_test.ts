import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSources } from './sources.ts';

const problemsOf = (text: string) => readSources([{ file: 'r.yaml', text }]).problems;

describe('rules that are none', () => {
  for (const { text, says } of [
    { text: 'groups: nope', says: 'groups must be a list, got string' },
    { text: 'groups: [nope]', says: 'groups[0] must be an object, got string' },
    { text: 'groups: [{ name: a, rules: nope }]', says: 'groups[0].rules must be a list, got string' },
    {
      text: 'groups: [{ name: a, rules: [{ record: a, expr: up }, ] }, { name: b, rules: [null] }]',
      says: 'groups[1].rules[0] must be an object, got null',
    },
    { text: 'groups:\n  - name: a\n    rules:\n      -\n', says: 'groups[0].rules[0] must be an object, got null' },
  ]) {
    test(`are told of: ${JSON.stringify(text)}`, () => assert.deepEqual(problemsOf(text), [`r.yaml: ${says}`]));
  }
  test('are told of in an object', () =>
    assert.deepEqual(problemsOf('{ kind: PrometheusRule, metadata: { name: a }, spec: { groups: nope } }'), [
      'r.yaml: PrometheusRule a: groups must be a list, got string',
    ]));
  test('do not keep the others from being read', () => {
    const { rules } = readSources([{ file: 'r.yaml', text: 'groups: [{ rules: [null, { alert: Up, expr: 1 }] }]' }]);
    assert.deepEqual(
      rules.map(({ where, expr }) => [where, expr]),
      [['r.yaml: groups[0]: Up', '1']],
    );
  });
  test('may be no rules', () => assert.deepEqual(problemsOf('groups:'), []));
  for (const labels of ['nope', '[1]', 'null', '{ runbook_url: 3 }']) {
    test(`are read with annotations ${labels}`, () =>
      assert.deepEqual(
        problemsOf(`groups: [{ name: a, rules: [{ alert: A, expr: up, annotations: ${labels} }] }]`),
        [],
      ));
  }
});

describe('files', () => {
  const good = { file: 'good.yaml', text: 'groups: []' };
  for (const { text, says } of [
    { text: 'hello', says: 'it has neither kind nor groups: "hello"' },
    { text: 'metadata: { name: a }', says: 'it has neither kind nor groups: {"metadata":{"name":"a"}}' },
    { text: 'kind: 3\ngroups: []', says: 'it has neither kind nor groups: {"kind":3,"groups":[]}' },
    { text: '---\nkind: Service\n---\n7', says: 'it has neither kind nor groups: 7' },
    { text: 'kind: List\nitems: [null]', says: 'it has neither kind nor groups: null' },
  ]) {
    test(`beside good ones are refused: ${JSON.stringify(text)}`, () =>
      assert.throws(() => readSources([good, { file: 'r.yaml', text }]), {
        code: 'MONITORING_UNREADABLE',
        message: `Reading r.yaml: ${says}`,
      }));
  }
  test('that are no YAML are refused', () =>
    assert.throws(() => readSources([{ file: 'r.yaml', text: 'groups: [' }]), {
      code: 'MONITORING_UNREADABLE',
      message: /^Reading r\.yaml: .*at line 1/s,
    }));
  test('may have empty documents, and be empty', () =>
    assert.deepEqual(problemsOf('---\n---\nkind: Service\n---\n'), problemsOf('')));
});

test('a monitor of another form is for the schema of its kind to refuse', () => {
  const monitor = 'kind: ServiceMonitor\nmetadata: { name: a }\nspec: ';
  for (const spec of ['nope', '{ endpoints: nope }', '{ selector: nope, endpoints: [null] }'])
    assert.deepEqual(problemsOf(`kind: Service\nspec: nope\n---\n${monitor}${spec}`), []);
});

test('runbooks below where the pages of the repository are have their paths, and others stay', () => {
  const runbooksOf = (runbook: string) => {
    const dashboard = JSON.stringify({ name: 'web', title: 'Web', service: 'web', runbook, rows: [] });
    const metadata = { name: 'web', labels: { 'fathom.internal/dashboard': 'true' } };
    const rules = [{ alert: 'Down', expr: 'up == 0', annotations: { runbook_url: runbook, summary: 'It is down' } }];
    const objects = [
      { kind: 'ConfigMap', metadata, data: { 'web.json': dashboard } },
      { kind: 'PrometheusRule', metadata, spec: { groups: [{ name: 'web', rules }] } },
    ];
    const text = JSON.stringify({ kind: 'List', items: objects });
    const sources = readSources([{ file: 'web.json', text }], ['https://git.example.com/shop/']);
    return [
      sources.dashboards[0]?.dashboard.runbook,
      sources.rules[0]?.annotations['runbook_url'],
      // What promtool gets.
      Object(sources.ruleFiles[0]?.groups[0]?.rules[0]?.['annotations'])['runbook_url'] as unknown,
    ];
  };
  for (const [runbook, path] of [
    ['https://git.example.com/shop/docs/web.md#down', 'docs/web.md#down'],
    ['https://git.example.com/bank/docs/web.md', 'https://git.example.com/bank/docs/web.md'],
    ['docs/web.md', 'docs/web.md'],
  ] as const)
    assert.deepEqual(runbooksOf(runbook), [path, path, path]);
});
