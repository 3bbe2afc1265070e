// `main.js reshard --masters=N`: what //services/redis:reshard runs in the keeper of the first pod.
import { open, readFile, rm } from 'node:fs/promises';
import { CommandError } from './errors.ts';
import { createLogger, readConfig } from '../../kit/index.ts';
import { reshard } from './reshard.ts';
import { ADMIN, credentialsFrom, openLinks, SETTINGS } from './settings.ts';

const LOCK = '/tmp/reshard.pid';
const SAID_EVERY_MS = 1000;
const CONNECT_MS = 5000;

/** Moves slots, and says on stdout how far it is. Returns the exit code. */
export async function runReshard(args: readonly string[], env = process.env): Promise<number> {
  const masters = Number(/^--masters=(\d+)$/.exec(args[0] ?? '')?.[1]);
  if (args.length !== 1 || !Number.isInteger(masters)) {
    throw new CommandError(`Moving slots: no number of masters in '${args.join(' ')}'`, {
      hint: 'Write --masters=3.',
    });
  }
  const config = readConfig(SETTINGS, env);
  const log = createLogger({ service: 'redis-reshard', level: 'silent' });
  const links = openLinks({ nodes: config.nodes, own: config.own, secrets: config.secrets, log });
  await lock();
  const controller = new AbortController();
  // Whoever started this has gone; the next run goes on.
  const stop = () => controller.abort(new CommandError('Moving slots: it was ended; run it again to go on'));
  process.stdout.on('error', stop);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const startMs = performance.now();
  let saidMs = 0;
  const say = (text: string) =>
    process.stdout.write(`${text} (${Math.round((performance.now() - startMs) / 1000)} s)\n`);
  try {
    const untilMs = performance.now() + CONNECT_MS;
    while (links.some((link) => link.address() === undefined) && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { movedSlots, movedKeys } = await reshard({
      links,
      masters,
      serversPerMaster: config.nodes.length / config.masters,
      credentials: () => credentialsFrom(`${config.secrets}/password`, ADMIN, log),
      signal: controller.signal,
      onProgress: ({ movedSlots, slots, movedKeys }) => {
        if (performance.now() - saidMs < SAID_EVERY_MS) return;
        saidMs = performance.now();
        say(`moved ${movedSlots} of ${slots} slots, ${movedKeys} keys`);
      },
    });
    say(`${masters} masters have all slots: moved ${movedSlots} slots, ${movedKeys} keys`);
    return 0;
  } finally {
    for (const link of links) link.close();
    await rm(LOCK, { force: true });
  }
}

/** Makes sure that this is the only one: two would open and close the same slots. Throws CommandError. */
async function lock(): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = await open(LOCK, 'wx');
      await file.writeFile(String(process.pid));
      return await file.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number(await readFile(LOCK, 'utf8').catch(() => ''));
      if (pid > 0 && isAlive(pid)) {
        throw new CommandError(`Moving slots: process ${pid} of this pod does it already`, {
          hint: 'Wait until it is done, and run this again to see that nothing is left to do.',
        });
      }
      // It was killed.
      await rm(LOCK, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
