import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withUser } from './store_users.ts';

const FILE = `"""USERS = {"no": []}"""

USERS = {
    # Of the bank.
    "bank": ["get"],
    # It does much: "e".
    "desk": [
        "get",
        "set",
    ],
}

OTHERS = {"x": 1}
`;
const options = { path: 'services/redis/users.bzl', commands: ['incr'] };

describe('withUser', () => {
  for (const [name, user, before] of [
    ['first, above the comment of the next one', 'a-a', '    # Of the bank.'],
    ['between', 'cart', '    # It does much'],
    ['last', 'x', '}\n\nOTHERS'],
  ] as const) {
    test(`puts a user ${name}`, () =>
      assert.equal(withUser(FILE, user, options), FILE.replace(before, `    "${user}": ["incr"],\n${before}`)));
  }
  test('fills an empty dict', () =>
    assert.equal(withUser('USERS = {\n}\n', 'x', options), 'USERS = {\n    "x": ["incr"],\n}\n'));
  for (const [what, text, says] of [
    ['a file without users', 'OTHERS = {}\n', /services\/redis\/users\.bzl: it has no dict USERS/],
    ['users that are computed', 'USERS = dict(\n)\n', /no dict USERS/],
    ['a dict in one line', 'USERS = {"a": ["get"]}\n', /must begin a line/],
    ['a dict without an end', 'USERS = {\n    "a": ["get"],\n', /no end/],
    ['a user that is there', FILE.replace('bank"', 'x"'), /USERS has 'x' already/],
  ] as const) {
    test(`refuses ${what}`, () =>
      assert.throws(() => withUser(text, 'x', options), { code: 'NEW_STORE_USERS', message: says }));
  }
});
