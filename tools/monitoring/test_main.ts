// What prometheus_metrics_test and prometheus_rule_test run: `test REQUEST`. Fails with all that is wrong.
import { readFile } from 'node:fs/promises';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { runfile } from '../lib/runfiles.ts';
import { checkMonitoring, queriesOf } from './check.ts';
import { type KnownMetrics, parseMetricsList } from './exposition.ts';
import type { SourceFile } from './objects.ts';
import { type Promtool, refusedQueries, refusedRules } from './promtool.ts';
import { reportOf } from './report.ts';
import { checkRuleTest, readRuleTest, runRuleTests } from './rule_tests.ts';
import { readSources } from './sources.ts';

/** A file of the request: where it is among the runfiles, and what messages call it. */
interface RequestFile {
  readonly path: string;
  readonly file: string;
}

/** What the rules write down. */
interface TestRequest {
  readonly label: string;
  readonly sources: readonly RequestFile[];
  /** Lists of what is exposed. */
  readonly metrics: readonly RequestFile[];
  readonly isMetricsChecked: boolean;
  /** Where there are some, or metrics are checked, they are checked. */
  readonly runbooks: readonly RequestFile[];
  /** Where the repository's pages are. */
  readonly runbookBases: readonly string[];
  /** Test files of promtool. */
  readonly tests: readonly RequestFile[];
  readonly promtool: string;
}

const HINTS: Readonly<Record<string, string>> = {
  RULES_INVALID: 'Mend the rule that it names.',
  RULES_TEST_INVALID: 'Have the test expect something of the rules.',
  METRIC_UNKNOWN:
    'Correct the name; or expose it, and have the test that scrapes the service write metrics.txt: docs/watching_services.md.',
  METRIC_LABEL_UNKNOWN:
    'Name what it has, or have the test that scrapes the service write metrics.txt anew: docs/watching_services.md.',
  PANEL_UNKNOWN:
    'Name a panel of the dashboard by its title; or have the dashboard that the alert leads to among what is checked.',
  RUNBOOK_MISSING:
    'Write it, with a heading for each alert, and name it as `runbook` of the macro `service`: "//docs/runbooks:<service>.md".',
};

const read = async ({ path, file }: RequestFile): Promise<SourceFile> => ({
  file,
  text: await readFile(runfile(path), 'utf8'),
});

await runMain(async ({ argv, signal }) => {
  // Written by the rule itself, so its form is known.
  const request = JSON.parse(await readFile(argv[0] ?? '', 'utf8')) as TestRequest;
  const files = await Promise.all(request.sources.map(read));
  const sources = readSources(files, request.runbookBases);
  if (sources.rules.length === 0 && sources.dashboards.length === 0 && sources.problems.length === 0) {
    throw new ToolError('MONITORING_NOTHING', `Checking ${request.label}: there are no rules and no dashboards`, {
      hint: 'Name what has some: a PrometheusRule, a dashboard, a file of rules.',
    });
  }
  const promtool: Promtool = { program: runfile(request.promtool), signal };
  const lists = await Promise.all(request.metrics.map(read));
  const metrics: KnownMetrics = new Map(lists.flatMap(({ file, text }) => [...parseMetricsList(text, file)]));
  const runbooks = await Promise.all(request.runbooks.map(read));
  const tests = (await Promise.all(request.tests.map(read))).map(readRuleTest);
  const asked = queriesOf(sources).map((query) => query.asked);
  const findings = [
    ...checkMonitoring({
      sources,
      refused: await refusedQueries(promtool, asked),
      metrics: request.isMetricsChecked ? metrics : undefined,
      runbooks: request.isMetricsChecked || runbooks.length > 0 ? runbooks : undefined,
    }),
    ...(await refusedRules(promtool, sources.ruleFiles)),
    ...tests.flatMap((test) => checkRuleTest(test, sources)),
  ];
  for (const line of reportOf(findings)) process.stdout.write(`${line}\n`);
  for (const code of new Set(findings.map((finding) => finding.code)))
    if (HINTS[code] !== undefined) process.stdout.write(`  hint: ${HINTS[code]}\n`);
  const said = `${sources.rules.length} rules and ${sources.dashboards.length} dashboards`;
  if (findings.length > 0) {
    process.stdout.write(`${request.label}: ${findings.length} findings in ${said}\n`);
    return 1;
  }
  await runRuleTests(promtool, sources, tests);
  process.stdout.write(`${request.label}: ${said}, nothing is wrong\n`);
  return 0;
});
