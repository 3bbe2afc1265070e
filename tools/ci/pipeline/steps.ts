// What a pipeline does, step by step, as commands: data, so that a test sees them without running them.
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';

/** One command of a step. */
export interface Command {
  /** What follows `bazel`. */
  readonly args: readonly string[];
  /** Exit codes that let the pipeline go on. */
  readonly passes: readonly number[];
}

export const STEPS = ['setup', 'build', 'test', 'diff', 'deploy'] as const;
export type Step = (typeof STEPS)[number];

/** What the commands of a step are about. */
export interface StepOptions {
  /** What is built or tested, or the stacks that are looked at or deployed. */
  readonly labels: readonly string[];
  /** The folder for JUnit XML, absolute. */
  readonly reports: string;
}

const PASSES = [0];

/** The commands of a step, in order. Throws PIPELINE_USAGE. */
export function commandsOf(step: Exclude<Step, 'setup'>, { labels, reports }: StepOptions): readonly Command[] {
  switch (step) {
    case 'build':
      return [{ args: ['build', '--', ...labels], passes: PASSES }];
    case 'test':
      // 4: there was nothing to test.
      return [{ args: ['test', '--keep_going', '--', ...labels], passes: [0, 4] }];
    case 'diff':
      // A build that fails under `bazel run` exits with 1, as a difference does: so it is built before.
      return stacksOf(step, labels).flatMap((stack) => [
        { args: ['build', `${stack}.diff`], passes: PASSES },
        { args: ['run', `${stack}.diff`], passes: [0, 1] },
      ]);
    case 'deploy':
      return stacksOf(step, labels).flatMap((stack) => [
        { args: ['run', `${stack}.apply`, '--', '--yes', `--junit=${junitOf(stack, reports)}`], passes: PASSES },
      ]);
  }
}

/** Where the report of a stack's deployment goes: a name from its label. */
export function junitOf(stack: string, reports: string): string {
  return join(reports, `${stack.replace(/^@?[^/]*\/\//, '').replaceAll(/[^A-Za-z0-9-]+/g, '_')}.xml`);
}

/** What is built and tested where nothing is named: the labels in FATHOM_TARGETS, else everything. */
export function defaultLabels(targets: string | undefined): readonly string[] {
  const labels = (targets ?? '').split(/\s+/).filter((label) => label !== '');
  return labels.length > 0 ? labels : ['//...'];
}

function stacksOf(step: Step, labels: readonly string[]): readonly string[] {
  const wrong = labels.find((label) => !/^(@[\w.~+-]*)?\/\/[^:]*:[^:.]+$/.test(label));
  if (labels.length > 0 && wrong === undefined) return labels;
  throw new ToolError('PIPELINE_USAGE', `Reading arguments: ${step} wants stacks, got ${wrong ?? 'none'}`, {
    hint: 'Name them without a verb, such as //services/x:staging-deep.',
  });
}
