// Many short lines leave as few writes: each is a system call, and wakes up whoever reads it.
import type { Writable } from 'node:stream';

const HELD_MS = 10;
// One each: a stream that two hold back would stay so for as long as they take turns.
const GATHERERS = new WeakMap<Writable, Gatherer>();

/** What is held back of a stream. */
export interface Gatherer {
  /** Holds back what is written to the stream from now on, for 10 ms at most. Nothing where it is held already. */
  hold(): void;
  /** Writes what was held back. */
  release(): void;
}

/** Of a stream that writes at once, as a process's own pipes do: what is held is written before the process ends. */
export function gathererOf(stream: Writable): Gatherer {
  const known = GATHERERS.get(stream) ?? createGatherer(stream);
  GATHERERS.set(stream, known);
  return known;
}

function createGatherer(stream: Writable): Gatherer {
  let timer: NodeJS.Timeout | undefined;
  const release = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    process.off('exit', release);
    stream.uncork();
  };
  return {
    hold() {
      if (timer !== undefined) return;
      stream.cork();
      timer = setTimeout(release, HELD_MS);
      process.on('exit', release);
    },
    release,
  };
}
