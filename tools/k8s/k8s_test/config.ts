// What the rule k8s_test hands over to its program.
import { readFile } from 'node:fs/promises';
import { ToolError, errorText } from '../../lib/errors.ts';
import { runfile } from '../../lib/runfiles.ts';
import { type ForwardTarget, parseTarget } from '../forward/target.ts';
import { asList, asRecord, at, textAt } from '../model/object.ts';

/** A test on a stack, as the build describes it. Files are named as runfiles. */
export interface K8sTestConfig {
  /** The test's label. */
  readonly label: string;
  readonly cluster: string;
  readonly context: string;
  /** The program of `.apply`; undefined where the test applies by itself. */
  readonly apply: string | undefined;
  /** The program of `.describe`. */
  readonly describe: string;
  /** The test's own program, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where the variables that hold addresses lead to. */
  readonly addresses: Readonly<Record<string, ForwardTarget>>;
  /** Names of other environments' namespaces. */
  readonly reservedNamespaces: readonly string[];
  /** How long the stack may take to be ready, as `--timeout` has it. */
  readonly readyTimeout: string;
}

/** Reads the file of the rule. Throws K8S_TEST_CONFIG, K8S_FORWARD_TARGET. */
export async function readConfig(path: string): Promise<K8sTestConfig> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw invalid(path, errorText(cause), cause);
  }
  const text = (field: string) => textAt(value, field) ?? fail(path, field);
  const apply = text('apply');
  return {
    label: text('label'),
    cluster: text('cluster'),
    context: text('context'),
    apply: apply === '' ? undefined : apply,
    describe: text('describe'),
    program: text('program'),
    readyTimeout: text('readyTimeout'),
    args: textsOf(at(value, 'args')),
    reservedNamespaces: textsOf(at(value, 'reservedNamespaces')),
    env: variablesOf(at(value, 'env')),
    addresses: mapOf(at(value, 'addresses'), parseTarget),
  };
}

const textsOf = (value: unknown): string[] => asList(value).map(String);

/** Values whose parts are text and names of runfiles in turn. Throws RUNFILES_MISSING. */
function variablesOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asRecord(value) ?? {}).map(([name, parts]) => [
      name,
      textsOf(parts)
        .map((part, index) => (index % 2 === 0 ? part : runfile(part)))
        .join(''),
    ]),
  );
}

function mapOf<T>(value: unknown, parse: (text: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(asRecord(value) ?? {}).map(([key, text]) => [key, parse(String(text))]));
}

function fail(path: string, field: string): never {
  throw invalid(path, `it has no '${field}'`);
}

function invalid(path: string, problem: string, cause?: unknown): ToolError {
  return new ToolError('K8S_TEST_CONFIG', `Reading what k8s_test wrote, ${path}: ${problem}`, {
    cause,
    hint: 'Build the test again.',
  });
}
