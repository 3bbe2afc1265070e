import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('runs no install script of a package that allow_scripts does not name', () => {
  const program = new URL('../bin/esbuild', import.meta.resolve('esbuild'));
  assert.match(readFileSync(program, 'latin1').slice(0, 40), /^#!\/usr\/bin\/env node/);
});
