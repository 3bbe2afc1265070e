import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runbookAddress } from './runbooks.ts';

const BASE = new URL('https://git.example.com/shop/blob/main/');

test('a page of the repository is below the address of its pages', () => {
  const wanted = 'https://git.example.com/shop/blob/main/docs/runbooks/web.md#slow';
  assert.equal(runbookAddress('docs/runbooks/web.md#slow', BASE), wanted);
  assert.equal(runbookAddress('docs/runbooks/web.md#slow', new URL('https://git.example.com/shop/blob/main')), wanted);
  assert.equal(runbookAddress('/docs/runbooks/web.md#slow', BASE), wanted);
});

test('an address is left as it is, and so is a path where nobody said where pages are', () => {
  assert.equal(runbookAddress('https://wiki.example.com/web', BASE), 'https://wiki.example.com/web');
  assert.equal(runbookAddress('docs/runbooks/web.md', undefined), 'docs/runbooks/web.md');
});

test('a path can lead to no other host, nor out of the repository', () => {
  for (const path of ['//evil.example.com/web.md', '../../../other/web.md', '\\\\evil.example.com\\web.md']) {
    const found = runbookAddress(path, BASE);
    assert.ok(found === path || found.startsWith(BASE.href), found);
  }
});
