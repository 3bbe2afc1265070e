// Plain lines: what a pipe, a file or a CI log gets.
import type { Gatherer } from '../../lib/gather.ts';
import { type Log, formatDuration } from '../../lib/log.ts';
import { keyOf, nameOf } from '../model/object.ts';
import type { DeployEvent, Listener } from './progress.ts';
import { type Colors, objectLine } from './report.ts';

const SAY_EVERY_MS = 5000;

/**
 * One line for each object that is done, and now and then one for each that is waited for. `gatherer` (default: none)
 * is of the stream that the log goes to: lines of many objects leave together.
 */
export function createTextListener(log: Log, colors: Colors, gatherer?: Gatherer): Listener {
  // Since when each object is waited for, and when that was last said.
  const waits = new Map<string, { readonly sinceMs: number; saidMs: number }>();
  return {
    on(event: DeployEvent, elapsedMs: number) {
      if (event.kind === 'object') {
        log.info(objectLine(event.planned, colors));
        gatherer?.hold();
      }
      if (event.kind === 'ready') log.info(`ready     ${nameOf(event.object)}`);
      if (event.kind !== 'waiting') return;
      const key = keyOf(event.object);
      const wait = waits.get(key) ?? { sinceMs: elapsedMs, saidMs: elapsedMs };
      waits.set(key, wait);
      if (elapsedMs - wait.saidMs < SAY_EVERY_MS) return;
      wait.saidMs = elapsedMs;
      const time = formatDuration(elapsedMs - wait.sinceMs);
      log.info(`waiting   ${nameOf(event.object)}: ${event.message} (${time})`);
    },
    close: () => gatherer?.release(),
  };
}
