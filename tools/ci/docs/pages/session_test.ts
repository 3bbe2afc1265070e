import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block } from './page.ts';
import { shownIn } from './session.ts';

const block = (text: string): Block => ({ path: 'docs/x.md', line: 10, text });
const found = (text: string) =>
  shownIn(block(text)).map(({ block: { line, text: command }, output, exit }) => ({ line, command, output, exit }));

test('reads commands with what they print, and their lines', () => {
  assert.deepEqual(found('$ a\n\n$ b    # ends with 1\none\n\ntwo\n\n$ c \\\n  -- d\nthree'), [
    { line: 10, command: 'a', output: undefined, exit: 0 },
    { line: 12, command: 'b', output: ['one', '', 'two'], exit: 1 },
    { line: 17, command: 'c \\\n  -- d', output: ['three'], exit: 0 },
  ]);
});

test('takes a text for a command to its end', () => {
  assert.deepEqual(found("$ cat > x <<'END'\na\n\nb\nEND\n$ d"), [
    { line: 10, command: "cat > x <<'END'\na\n\nb\nEND", output: undefined, exit: 0 },
    { line: 15, command: 'd', output: undefined, exit: 0 },
  ]);
});

test('reads blocks of commands alone, a command a line', () => {
  assert.deepEqual(found('a   # why\n\nb \\\n  c\nd    # ends with 2, as it must'), [
    { line: 10, command: 'a   # why', output: undefined, exit: 0 },
    { line: 12, command: 'b \\\n  c', output: undefined, exit: 0 },
    { line: 14, command: 'd', output: undefined, exit: 2 },
  ]);
});
