// Rules as Prometheus itself checks and tests them.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ToolError } from '../lib/errors.ts';
import type { RuleGroup, SourceFile } from './sources.ts';

/** Options of {@link runPromtool}. */
export interface PromtoolOptions {
  readonly program: string;
  readonly groups: readonly RuleGroup[];
  /** Test files: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/. */
  readonly tests: readonly SourceFile[];
  readonly signal: AbortSignal;
  /** How long each run may take, in milliseconds. Default: one minute. */
  readonly timeoutMs?: number;
}

const RULES = 'rules.yaml';

/** Checks the rules, and runs the tests against them. Throws RULES_INVALID and RULES_TEST_FAILED. */
export async function runPromtool({
  program,
  groups,
  tests,
  signal,
  timeoutMs = 60_000,
}: PromtoolOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-rules-'));
  const run = async (args: readonly string[]) =>
    new Promise<string | undefined>((done) => {
      execFile(
        program,
        [...args],
        { cwd: folder, signal, timeout: timeoutMs, encoding: 'utf8' },
        (error, stdout, stderr) => done(error === null ? undefined : `${stdout}${stderr}`.trim() || error.message),
      );
    });
  try {
    await writeFile(join(folder, RULES), stringify({ groups: withNames(groups) }));
    // Rules that are there twice are two environments of one service.
    const invalid = await run(['check', 'rules', '--lint=none', RULES]);
    if (invalid !== undefined) {
      throw new ToolError('RULES_INVALID', `Checking rules by promtool: ${invalid}`, {
        hint: 'Mend the rule that it names.',
      });
    }
    for (const { file, text } of tests) {
      const name = basename(file);
      await writeFile(join(folder, name), stringify({ ...testOf(file, text), rule_files: [RULES] }));
      const failed = await run(['test', 'rules', name]);
      signal.throwIfAborted();
      if (failed !== undefined) {
        throw new ToolError('RULES_TEST_FAILED', `Testing rules by ${file}: ${failed}`, {
          hint: 'Mend the rules, or what the test expects of them.',
        });
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function testOf(file: string, text: string): object {
  const test: unknown = parse(text);
  if (typeof test === 'object' && test !== null && !Array.isArray(test)) return test;
  throw new ToolError('MONITORING_UNREADABLE', `Reading ${file}: it is no test of rules`, {
    hint: 'Write `tests:` as promtool reads it.',
  });
}

/** Groups of one file must have different names: those of several environments have the same. */
function withNames(groups: readonly RuleGroup[]): readonly RuleGroup[] {
  const seen = new Map<string, number>();
  return groups.map((group) => {
    const count = (seen.get(group.name) ?? 0) + 1;
    seen.set(group.name, count);
    return count === 1 ? group : { ...group, name: `${group.name} (${count})` };
  });
}
