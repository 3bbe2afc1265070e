// What people run in a keeper's container: a command of Redis as the admin, at whichever server has the key, and reshard.
import { CommandError } from './errors.ts';
import { ConfigError, createLogger, readConfig } from '../../kit/index.ts';
import { type Link, NoAnswerError, openLink, replyCode } from './link.ts';
import { runReshard } from './reshard_command.ts';
import { credentialsFrom, ADMIN, SETTINGS } from './settings.ts';

const USAGE = 'Usage: main.js cli COMMAND [ARGUMENT…] | main.js reshard --masters=N';
const DEADLINE_MS = 10_000;
const MAX_REDIRECTIONS = 5;

/** Runs a command of a person; returns its exit code. */
export async function runCli(command: string, args: readonly string[]): Promise<number> {
  try {
    if (command === 'cli' && args.length > 0) return await runRedisCommand(args);
    if (command === 'reshard') return await runReshard(args);
    process.stderr.write(`${USAGE}\n`);
    return 2;
  } catch (error) {
    if (error instanceof CommandError) {
      process.stderr.write(`error: ${error.message}\n${error.hint === undefined ? '' : `  hint: ${error.hint}\n`}`);
      return 1;
    }
    if (!(error instanceof ConfigError || error instanceof NoAnswerError || replyCode(error) !== undefined))
      throw error;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function runRedisCommand(args: readonly string[]): Promise<number> {
  const { nodes, own, secrets } = readConfig(SETTINGS, process.env);
  const log = createLogger({ service: 'redis-keeper', level: 'silent' });
  const open = (host: string, port: number) =>
    openLink({ endpoint: { host, port }, credentials: () => credentialsFrom(`${secrets}/password`, ADMIN, log) });
  const home = nodes[own];
  let link = open('127.0.0.1', home?.port ?? 6379);
  try {
    for (let redirections = 0; ; redirections++) {
      try {
        await connected(link);
        process.stdout.write(`${replyText(await link.call(args, DEADLINE_MS))}\n`);
        return 0;
      } catch (error) {
        const moved = /^MOVED \d+ (.+):(\d+)$/.exec(error instanceof Error ? error.message : '');
        if (replyCode(error) !== 'MOVED' || moved === null || redirections === MAX_REDIRECTIONS) throw error;
        link.close();
        link = open(moved[1] ?? '', Number(moved[2]));
      }
    }
  } finally {
    link.close();
  }
}

/** Waits until there is a connection. */
async function connected(link: Link): Promise<void> {
  const untilMs = performance.now() + DEADLINE_MS;
  while (link.address() === undefined) {
    if (performance.now() > untilMs) await link.call(['PING']);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A reply as lines of text, lists one entry a line. */
function replyText(reply: unknown): string {
  if (Array.isArray(reply)) return reply.map(replyText).join('\n');
  return reply === null || reply === undefined ? '' : String(reply);
}
