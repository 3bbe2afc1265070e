import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('runs a native addon that its package has prebuilt, without its install script', async () => {
  // It comes without declarations.
  const name: string = 'bufferutil';
  const { mask, unmask } = (await import(name)).default as Record<'mask' | 'unmask', (...args: unknown[]) => void>;
  // The package falls back to JavaScript of the same names where the addon does not load.
  assert.match(String(mask), /\[native code\]/);
  const bytes = Buffer.from('payload');
  const key = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.alloc(bytes.length);
  mask(bytes, key, masked, 0, bytes.length);
  assert.notDeepEqual(masked, bytes);
  unmask(masked, key);
  assert.deepEqual(masked, bytes);
});

test('runs the install script of a package that allow_scripts names', () => {
  // The script puts the native program in the place of one that starts it by node.
  const program = new URL('../bin/esbuild', import.meta.resolve('esbuild'));
  assert.equal(readFileSync(program).subarray(1, 4).toString('latin1'), 'ELF');
});
