// Where log lines go: written together at the end of each turn of the event loop, and at exit, so that a busy server
// does not pay for a system call a line. Only a process that is killed outright can lose lines, those of one turn.
import { writeSync } from 'node:fs';

/** Takes log lines. */
export interface LogDestination {
  write(line: string): void;
}

// More than this is written in the middle of a turn.
const MAX_HELD_LENGTH = 65_536;
// A reader that does not read holds the process up, but not for good: after this its lines are lost.
const MAX_WAIT_MS = 5000;
const WAIT_MS = 5;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes what it can of `data`; returns how many bytes that were. */
function writeSome(fd: number, data: string | Buffer): number {
  try {
    // A string is written without a copy of its bytes in JavaScript, but only as a whole.
    return typeof data === 'string' ? writeSync(fd, data) : writeSync(fd, data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    Atomics.wait(sleeper, 0, 0, WAIT_MS);
    return 0;
  }
}

/** Writes all of `text`, also where the other end of a pipe takes only a part of it at a time. */
function writeAll(fd: number, text: string): void {
  try {
    const written = writeSome(fd, text);
    if (written >= Buffer.byteLength(text)) return;
    let rest = Buffer.from(text).subarray(written);
    const giveUpMs = performance.now() + MAX_WAIT_MS;
    while (rest.length > 0 && performance.now() < giveUpMs) rest = rest.subarray(writeSome(fd, rest));
  } catch (error) {
    // Where nobody reads any more there is nobody to tell.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/** Lines to the file descriptor `fd`. */
export function turnDestination(fd: number): LogDestination {
  let held = '';
  let isScheduled = false;
  const flush = () => {
    const text = held;
    held = '';
    if (text !== '') writeAll(fd, text);
  };
  const atEndOfTurn = () => {
    isScheduled = false;
    flush();
  };
  process.on('exit', flush);
  return {
    write(line) {
      held += line;
      if (held.length > MAX_HELD_LENGTH) flush();
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(atEndOfTurn);
    },
  };
}
