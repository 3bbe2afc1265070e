import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenges } from './challenge.ts';

for (const [header, expected] of [
  ['Basic realm="a test"', [{ scheme: 'basic', parameters: { realm: 'a test' } }]],
  [
    'Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull,push"',
    [
      {
        scheme: 'bearer',
        parameters: { realm: 'https://auth.example/token', service: 'r', scope: 'repository:a/b:pull,push' },
      },
    ],
  ],
  [
    'BEARER Realm = "a\\"b" , error=invalid_token',
    [{ scheme: 'bearer', parameters: { realm: 'a"b', error: 'invalid_token' } }],
  ],
  [
    'Basic realm="x", Bearer realm="y"',
    [
      { scheme: 'basic', parameters: { realm: 'x' } },
      { scheme: 'bearer', parameters: { realm: 'y' } },
    ],
  ],
  [
    'Negotiate TlRMTVNTUAAB==, Basic realm="x"',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'x' } },
    ],
  ],
  ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
  ['', []],
  [',,', []],
  ['Bearer realm="never ends', [{ scheme: 'bearer', parameters: {} }]],
  ['"quoted"', []],
] as const) {
  test(`reads the challenge ${JSON.stringify(header)}`, () => assert.deepEqual(parseChallenges(header), expected));
}

test('reads a header of any length in time that grows with it', () => {
  assert.equal(parseChallenges(`Basic realm="${'\\"'.repeat(100_000)}"`).length, 1);
  assert.ok(parseChallenges('a '.repeat(50_000)).length > 0);
});
