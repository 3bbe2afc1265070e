// What Prometheus' own parser says, by promtool.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ToolError } from '../lib/errors.ts';
import { runfile } from '../lib/runfiles.ts';
import { parseQuery, withoutVariables } from './promql.ts';
import { type Promtool, refusedQueries, refusedRules } from './promtool.ts';
import { readSources } from './sources.ts';

const promtool: Promtool = {
  program: process.env['PROMTOOL'] ?? runfile('prometheus/bin/promtool'),
  signal: AbortSignal.timeout(60_000),
};

const REFUSED: readonly (readonly [query: string, column: number, text: string])[] = [
  [
    'histogram_quantile(up, 0.5)',
    20,
    'expected type scalar in call to function "histogram_quantile", got instant vector',
  ],
  ['clamp_max(up)', 1, 'expected 2 argument(s) in call to "clamp_max", got 1'],
  ['up and 1', 1, 'set operator "and" not allowed in binary scalar expression'],
  ['up{a=~"("}', 4, 'error parsing regexp: missing closing ): `(`'],
  ['up{a=~"*"}', 4, 'error parsing regexp: missing argument to repetition operator: `*`'],
  ['-"a"', 1, 'unary expression only allowed on expressions of type scalar or instant vector, got "string"'],
  ['topk(up)', 1, 'wrong number of arguments for aggregate expression provided, expected 2, got 1'],
  ['absent()', 1, 'expected 1 argument(s) in call to "absent", got 0'],
  ['rate(up)', 6, 'expected type range vector in call to function "rate", got instant vector'],
  ['abs(up[5m])', 5, 'expected type instant vector in call to function "abs", got range vector'],
  ['sum(up[5m])', 5, 'expected type instant vector in aggregation expression, got range vector'],
  ['{a=~".*"}', 1, 'vector selector must contain at least one non-empty matcher'],
  ['up{__name__="down"}', 1, 'metric name must not be set twice: "up" or "down"'],
  [
    'limitk(1, up)',
    1,
    'limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions',
  ],
  ['sum(up) +\n  clamp_max(up)', 13, 'expected 2 argument(s) in call to "clamp_max", got 1'],
  [
    'label_replace(up, "ä", "x", "b", "ö") + topk(up)',
    41,
    'wrong number of arguments for aggregate expression provided, expected 2, got 1',
  ],
];
const TAKEN = [
  'histogram_quantile(0.5, sum by (le) (rate(x_bucket[5m])))',
  'clamp_max(up, 1)',
  'up and on (job) down unless ignoring (a) other',
  'topk by (a) (3, up)',
  'absent(up{job="a"} == 1)',
  'max_over_time(rate(x[5m])[1h:1m])',
  'rate(x[5m] offset 1d)',
  'predict_linear(x[1h], 3600) < 0',
  'a / on (namespace) group_left (c) b',
  '{__name__="x"} == 1',
  '{__name__=~"x.*",a="b"}',
  '{"x","a"="b"}',
  'sum by ("a.b", c) (x)',
  'label_replace(up, "a", "$1", "b", "(.*)")',
  'vector(1) > bool scalar(up)',
  'up{a=~"(?i)x|\\\\d+"} # why',
  'x @ end() - x @ 1609746000',
  'quantile_over_time(0.9, x[1d:5m] @ start())',
  withoutVariables('rate(x{a=~"$item"}[$__rate_interval]) + changes(x[${__range}])'),
];

describe('queries', () => {
  test('are refused with the place, all in one run', async () => {
    const refused = await refusedQueries(promtool, [...TAKEN, ...REFUSED.map(([query]) => query)]);
    assert.deepEqual(
      [...refused].map(([query, { position, text }]) => [query, position + 1, text]),
      REFUSED,
    );
  });
  for (const query of TAKEN)
    test(`are of the same form to both parsers: ${query}`, () => assert.deepEqual(parseQuery(query).problems, []));
  test('that are none, or only blanks, are not asked about', async () =>
    assert.deepEqual(await refusedQueries(promtool, [' ']), new Map()));
});

describe('rules', () => {
  const refused = async (content: object) =>
    refusedRules(promtool, readSources([{ file: 'r.yaml', text: JSON.stringify(content) }]).ruleFiles);
  for (const { name, groups, says } of [
    {
      name: 'a template that has no such variable',
      groups: [{ name: 'a', rules: [{ alert: 'Up', expr: 'up', annotations: { summary: '{{ $label.x }}' } }] }],
      says: ['group "a", rule 1, "Up": annotation "summary": template: __alert_Up:1: undefined variable "$label"'],
    },
    {
      name: 'a field that there is not',
      groups: [{ name: 'a', rules: [{ alert: 'Up', expr: 'up', fore: '5m' }] }],
      says: ['yaml: unmarshal errors: line 1: field fore not found in type rulefmt.Rule'],
    },
    {
      name: 'two groups of one name',
      groups: [
        { name: 'a', rules: [] },
        { name: 'a', rules: [] },
      ],
      says: ['groupname: "a" is repeated in the same file'],
    },
    {
      name: 'nothing of a query, which was asked about',
      groups: [{ name: 'a', rules: [{ record: 'a', expr: 'a(' }] }],
      says: [],
    },
  ]) {
    test(`are refused for ${name}`, async () =>
      assert.deepEqual(
        (await refused({ groups })).map(({ code, text }) => `${code} ${text}`),
        says.map((text) => `RULES_INVALID r.yaml: ${text}`),
      ));
  }
  test('of the operator have a field for Thanos, which Prometheus does not see', async () => {
    const groups = [{ name: 'a', partial_response_strategy: 'warn', rules: [{ record: 'a', expr: 'up' }] }];
    const object = { kind: 'PrometheusRule', metadata: { name: 'a' }, spec: { groups } };
    assert.deepEqual(await refused(object), []);
    assert.equal((await refused({ groups })).length, 1);
  });
});

test('a program that says nothing of rules is an error of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'promtool-'));
  const program = join(folder, 'promtool');
  await writeFile(program, `#!${process.execPath}\nprocess.exit(1)\n`, { mode: 0o755 });
  for (const one of [program, join(folder, 'none')])
    await assert.rejects(
      refusedQueries({ ...promtool, program: one }, ['up']),
      (error) => error instanceof ToolError && error.code === 'PROMTOOL_FAILED',
    );
  await rm(folder, { recursive: true });
});
