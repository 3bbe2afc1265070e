// `main.js reshard --masters=N`: what //services/redis:reshard runs in the keeper of the first pod.
import { requireAlone, reshardName } from './alone.ts';
import { CommandError } from './errors.ts';
import { createLogger, readConfig } from '../../kit/index.ts';
import { reshard } from './reshard.ts';
import { ADMIN, credentialsFrom, openLinks, SETTINGS } from './settings.ts';

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
  const name = reshardName();
  // Servers are told these addresses: loopback would lead each to itself.
  const links = openLinks({ nodes: config.nodes, secrets: config.secrets, log, name });
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
    await requireAlone(links, name);
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
  }
}
