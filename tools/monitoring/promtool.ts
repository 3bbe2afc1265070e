// What Prometheus itself says of queries and of rules: promtool has its parser, and its reader of rules.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolError } from '../lib/errors.ts';
import type { Finding } from './check.ts';
import type { QueryProblem } from './promql.ts';
import type { RuleFile } from './sources.ts';

/** The program, and how it is run. */
export interface Promtool {
  readonly program: string;
  readonly signal: AbortSignal;
  /** How long each run may take, in milliseconds. Default: one minute. */
  readonly timeoutMs?: number;
}

/** What it wrote. */
export interface PromtoolAnswer {
  readonly isGood: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const RULES = 'rules.yaml';
/** Of a query that is the only rule of a group. */
const OF_QUERY =
  /^group "(\d+)", rule 1, "query": could not parse expression: (?:(\d+):(\d+): )?(?:parse error: )?(.*)$/s;

/** What it refuses of queries: by the query what is wrong, and where. */
export async function refusedQueries(
  promtool: Promtool,
  queries: readonly string[],
): Promise<ReadonlyMap<string, QueryProblem>> {
  const all = [...new Set(queries)].filter((query) => query.trim() !== '');
  const groups = all.map((expr, index) => ({ name: String(index), rules: [{ record: 'query', expr }] }));
  return new Map(
    (await checkRules(promtool, { groups })).map((message) => {
      const [, index, line = '1', column = '1', text = ''] = OF_QUERY.exec(message) ?? [];
      const query = all[Number(index)];
      if (query === undefined) throw failed('Checking queries', message);
      return [query, { position: positionOf(query, Number(line), Number(column)), text }];
    }),
  );
}

/** What it refuses of rules beside their queries: fields, names, times, templates. */
export async function refusedRules(promtool: Promtool, files: readonly RuleFile[]): Promise<readonly Finding[]> {
  const found = await Promise.all(
    files.map(async ({ where, groups }) => {
      const withoutQueries = groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => ({ ...rule, expr: 'vector(0)' })),
      }));
      const messages = await checkRules(promtool, { groups: withoutQueries });
      return messages.map((message) => ({ code: 'RULES_INVALID', text: `${where}: ${message}` }));
    }),
  );
  return found.flat();
}

/** What is wrong with a file of rules, without the place in the file, which nobody sees. */
async function checkRules(promtool: Promtool, content: object): Promise<readonly string[]> {
  return inFolder(async (folder) => {
    // JSON is YAML as well, and says which values are texts.
    await writeFile(join(folder, RULES), JSON.stringify(content));
    const { isGood, stderr } = await runPromtool(promtool, ['check', 'rules', '--lint=none', RULES], folder);
    if (isGood) return [];
    const [, ...messages] = stderr.split(new RegExp(`^${RULES}: (?:\\d+:\\d+: )?`, 'm'));
    if (messages.length === 0) throw failed('Checking rules', stderr);
    return messages.map((message) => message.trim().replaceAll(/\s*\n\s*/g, ' '));
  });
}

/** Runs it in a folder. Throws PROMTOOL_FAILED where it comes to no end of its own. */
export async function runPromtool(
  { program, signal, timeoutMs = 60_000 }: Promtool,
  args: readonly string[],
  cwd: string,
): Promise<PromtoolAnswer> {
  const options = { cwd, signal, timeout: timeoutMs, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  return new Promise((done, fail) => {
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (signal.aborted) fail(signal.reason as Error);
      else if (error !== null && typeof error.code !== 'number')
        fail(failed(`Running ${args.join(' ')}`, error.message));
      else done({ isGood: error === null, stdout, stderr });
    });
  });
}

/** Calls `use` with a folder that is there as long. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-rules-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function failed(what: string, text: string): ToolError {
  return new ToolError('PROMTOOL_FAILED', `${what} by promtool: ${text.trim()}`, {
    hint: 'Run the test again; where it stays so, it is a defect of the tool: please report it.',
  });
}

/** Lines count from 1, columns in bytes from 1. */
function positionOf(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return (
    before +
    Buffer.from(lines[line - 1] ?? '')
      .subarray(0, column - 1)
      .toString().length
  );
}
