import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelsOf } from './model.ts';
import { LIMITS, readDashboard } from './read_model.ts';

const PANEL = { title: 'Requests', kind: 'timeseries', unit: 'count', queries: [{ expr: 'up' }] };

const dashboardOf = (panels: readonly unknown[], rest: object = {}) =>
  readDashboard(
    JSON.stringify({ name: 'web', title: 'Web', service: 'web', rows: [{ title: 'Row', panels }], ...rest }),
  );

test('reads a dashboard, with its defaults', () => {
  const { dashboard, problems } = dashboardOf([PANEL]);
  assert.deepEqual(problems, []);
  assert.deepEqual(dashboard, {
    name: 'web',
    title: 'Web',
    service: 'web',
    variables: [],
    rows: [{ title: 'Row', panels: [{ ...PANEL, thresholds: [], width: 6, stack: false }] }],
  });
});

test('names the second panel of one title, and shows the rest', () => {
  const { dashboard, problems } = dashboardOf([PANEL, PANEL, { ...PANEL, title: 'Other' }]);
  assert.deepEqual(problems, ["rows[0].panels[1] is a second panel named 'Requests': give it another title"]);
  assert.ok(dashboard !== undefined);
  assert.deepEqual(
    panelsOf(dashboard).map(({ title }) => title),
    ['Requests', 'Other'],
  );
});

for (const [what, value, problem] of [
  ['no JSON', '{', /is no JSON/],
  ['no text', '', /is no JSON/],
  ['a list', '[]', /must be an object, got a list/],
  ['nothing', 'null', /must be an object, got null/],
  ['no name', '{}', /name must be a DNS label .*, got nothing/],
  ['a name that is none', '{"name":"A b"}', /name must be a DNS label .*, got "A b"/],
] as const) {
  test(`refuses ${what}`, () => {
    const { dashboard, problems } = readDashboard(value);
    assert.equal(dashboard, undefined);
    assert.match(problems.join('; '), problem);
  });
}

for (const [what, panel, problem] of [
  ['a kind', { ...PANEL, kind: 'pie' }, 'rows[0].panels[0].kind must be one of timeseries, stat, table, got "pie"'],
  ['a unit', { ...PANEL, unit: 'miles' }, /rows\[0\]\.panels\[0\]\.unit must be one of .*, got "miles"/],
  ['no query', { ...PANEL, queries: [] }, 'rows[0].panels[0].queries must have one that can be asked'],
  [
    'an empty query',
    { ...PANEL, queries: [{ expr: ' ' }] },
    'rows[0].panels[0].queries[0].expr must be PromQL, got " "',
  ],
  ['no panel', 7, 'rows[0].panels[0] must be an object, got number'],
  [
    'a variable',
    { ...PANEL, queries: [{ expr: 'a{b="$c"}' }] },
    /queries\[0\]\.expr has \$c, and there is no such variable/,
  ],
  ['thresholds', { ...PANEL, thresholds: [{ value: 'x' }] }, /thresholds\[0\]\.value must be a number, got "x"/],
  ['a width', { ...PANEL, width: 13 }, /width must be a whole number from 1 to 12, got 13/],
] as const) {
  test(`tells of ${what} that a panel can't have, and shows the rest`, () => {
    const { dashboard, problems } = dashboardOf([panel, { ...PANEL, title: 'Other' }]);
    assert.ok(dashboard !== undefined);
    assert.equal(panelsOf(dashboard).at(-1)?.title, 'Other');
    assert.match(
      problems.join('; '),
      typeof problem === 'string' ? new RegExp(problem.replaceAll(/[[\].$]/g, '\\$&')) : problem,
    );
  });
}

test('leaves out what is too much', () => {
  const panels = Array.from({ length: LIMITS.panels + 5 }, (_, index) => ({ ...PANEL, title: `Panel ${index}` }));
  const { dashboard, problems } = dashboardOf(panels);
  assert.ok(dashboard !== undefined);
  assert.equal(panelsOf(dashboard).length, LIMITS.panels);
  assert.match(problems.join('; '), /must have at most 200 entries, got 205/);
});

for (const [what, rest, problem] of [
  ['a title', { title: ' ' }, 'title must be a text, got " "'],
  ['a service', { service: undefined }, 'service must be a text, got nothing'],
  ['a row with a title', { rows: [{ panels: [PANEL] }] }, 'rows[0].title must be a text, got nothing'],
] as const) {
  test(`tells of a dashboard without ${what}, and shows it`, () => {
    const { dashboard, problems } = dashboardOf([PANEL], rest);
    assert.deepEqual(problems, [problem]);
    assert.ok(dashboard !== undefined);
    assert.equal(panelsOf(dashboard).length, 1);
    assert.deepEqual([dashboard.title, dashboard.service].includes(''), false);
  });
}

test('refuses a variable whose query is another language', () => {
  const variables = [{ name: 'pod', query: 'query_result(up)' }];
  const { dashboard, problems } = dashboardOf([PANEL], { variables });
  assert.deepEqual(dashboard?.variables, []);
  assert.match(problems.join('; '), /variables\[0\]\.query must be label_values/);
});

test('tells of fields that nobody reads, wherever they are, and shows the rest', () => {
  const panel = {
    ...PANEL,
    widht: 12,
    queries: [{ expr: 'up', legnd: '{{pod}}' }],
    thresholds: [{ value: 1, severity: 'warning', color: 'red' }],
  };
  const { dashboard, problems } = dashboardOf([], {
    runbok: 'docs/runbooks/web.md',
    variables: [{ name: 'pod', query: 'label_values(up, pod)', multy: true }],
    rows: [{ title: 'Row', panels: [panel, { ...PANEL, title: 'Other', treshold: [] }], collapsed: true }],
  });
  assert.deepEqual(problems, [
    'runbok is an unknown field, the nearest is runbook',
    'variables[0].multy is an unknown field, the nearest is multi',
    'rows[0].collapsed is an unknown field, the nearest is title',
    'rows[0].panels[0].widht is an unknown field, the nearest is width',
    'rows[0].panels[0].queries[0].legnd is an unknown field, the nearest is legend',
    'rows[0].panels[0].thresholds[0].color is an unknown field, the nearest is value',
    'rows[0].panels[1].treshold is an unknown field, the nearest is thresholds',
  ]);
  assert.ok(dashboard !== undefined);
  assert.deepEqual(
    panelsOf(dashboard).map(({ title, width }) => [title, width]),
    [
      ['Requests', 6],
      ['Other', 6],
    ],
  );
});

test('tells of a few unknown fields of many', () => {
  const fields = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 1]));
  const { problems } = dashboardOf([{ ...PANEL, ...fields, ['y'.repeat(100_000)]: 1 }]);
  assert.equal(problems.length, 5);
});
