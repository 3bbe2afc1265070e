// Tests of rules as promtool runs them: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/.
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { isRecord, typeOf } from '../dashboards/values.ts';
import { ToolError } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';
import type { Finding } from './check.ts';
import { type Entry, readDocuments, type SourceFile } from './objects.ts';
import { inFolder, type Promtool, runPromtool } from './promtool.ts';
import type { RuleGroup, Sources } from './sources.ts';

/** A test file, read. */
export interface RuleTest {
  readonly file: string;
  readonly content: Entry;
}

/** Reads a test file. Throws MONITORING_UNREADABLE. */
export function readRuleTest(source: SourceFile): RuleTest {
  const [content, ...more] = readDocuments(source);
  if (isRecord(content) && more.length === 0) return { file: source.file, content };
  throw new ToolError('MONITORING_UNREADABLE', `Reading ${source.file}: it is no test of rules`, {
    hint: 'Write `tests:` as promtool reads it.',
  });
}

/** What would pass whatever the rules do: what promtool says nothing of. */
export function checkRuleTest({ file, content }: RuleTest, { rules }: Sources): readonly Finding[] {
  const invalid = (text: string) => ({ code: 'RULES_TEST_INVALID', text: `${file}: ${text}` });
  const { tests } = content;
  if (!Array.isArray(tests)) return [invalid(`tests must be a list, got ${typeOf(tests)}`)];
  if (tests.length === 0) return [invalid('tests is empty')];
  const alerts = rules.flatMap(({ alert }) => (alert === undefined ? [] : [alert]));
  return tests.flatMap((test: unknown, index) => {
    const place = `tests[${index}]`;
    if (!isRecord(test)) return [invalid(`${place} must be an object, got ${typeOf(test)}`)];
    const [ofAlerts, ofQueries] = [test['alert_rule_test'], test['promql_expr_test']].map((list) =>
      Array.isArray(list) ? (list as readonly unknown[]) : [],
    );
    if (ofAlerts?.length === 0 && ofQueries?.length === 0)
      return [invalid(`${place} expects nothing: it has neither an alert_rule_test nor a promql_expr_test`)];
    return (ofAlerts ?? []).flatMap((one, at) => {
      const name = isRecord(one) ? one['alertname'] : undefined;
      if (typeof name !== 'string' || alerts.includes(name)) return [];
      const guess = nearest(name, alerts);
      const meant = guess === undefined ? '' : `, the nearest is ${guess}`;
      return [invalid(`${place}.alert_rule_test[${at}]: no rule has an alert ${name}${meant}`)];
    });
  });
}

/** Runs the tests against the rules, one after the other. Throws RULES_TEST_FAILED. */
export async function runRuleTests(promtool: Promtool, sources: Sources, tests: readonly RuleTest[]): Promise<void> {
  await inFolder(async (folder) => {
    // A test may be called as it likes: it lies beside no other file.
    const rules = join(folder, 'rules.yaml');
    await writeFile(rules, JSON.stringify({ groups: withNames(sources.ruleFiles.flatMap(({ groups }) => groups)) }));
    for (const [index, { file, content }] of tests.entries()) {
      const [own, name] = [join(folder, `test-${index}`), basename(file)];
      await mkdir(own);
      await writeFile(join(own, name), stringify({ ...content, rule_files: [rules] }));
      const { isGood, stdout, stderr } = await runPromtool(promtool, ['test', 'rules', name], own);
      if (isGood) continue;
      throw new ToolError('RULES_TEST_FAILED', `Testing rules by ${file}: ${`${stdout}${stderr}`.trim()}`, {
        hint: 'Mend the rules, or what the test expects of them.',
      });
    }
  });
}

/** Groups of one file must have different names: those of several environments have the same. */
function withNames(groups: readonly RuleGroup[]): readonly RuleGroup[] {
  const seen = new Map<string, number>();
  return groups.map((group) => {
    const name = String(group['name']);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? group : { ...group, name: `${name} (${count})` };
  });
}
