// Where log lines go: written together at the end of each turn of the event loop, and at exit, so that a busy server
// does not pay for a system call a line. Only a process that is killed outright can lose lines, those of one turn.
import { pino } from 'pino';

/** Takes log lines. */
export interface LogDestination {
  write(line: string): void;
}

// More than this is written in the middle of a turn, in one piece of at most MAX_WRITE_BYTES.
const MAX_HELD_BYTES = 32_768;
const MAX_WRITE_BYTES = 65_536;

/** Lines to the file descriptor `fd`. */
export function turnDestination(fd: number): LogDestination {
  const sink = pino.destination({ fd, sync: true, minLength: MAX_HELD_BYTES, maxWrite: MAX_WRITE_BYTES });
  let scheduled = false;
  const flush = () => {
    scheduled = false;
    sink.flushSync();
  };
  process.on('exit', flush);
  return {
    write(line) {
      sink.write(line);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
  };
}
