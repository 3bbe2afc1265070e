import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { resolveLocation } from './address.ts';
import { parseReference } from './reference.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

for (const [text, expected] of Object.entries({
  'registry.fathom.internal/services/x': { registry: 'registry.fathom.internal', repository: 'services/x' },
  'localhost:5000/a:v1': { registry: 'localhost:5000', repository: 'a', tag: 'v1' },
  [`r.example/a_b/c-d@${DIGEST}`]: { registry: 'r.example', repository: 'a_b/c-d', digest: DIGEST },
  [`r.example:5/a:v1@${DIGEST}`]: { registry: 'r.example:5', repository: 'a', tag: 'v1', digest: DIGEST },
})) {
  test(`reads ${text}`, () => assert.deepEqual(parseReference(text), expected));
}

for (const text of [
  'redis',
  'r.example/Upper',
  'r.example/a//b',
  'r.example/a:',
  'r.example/a@sha256:12',
  'http://r.example/a',
  'r.example/a:tag with space',
  '',
]) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseReference(text),
      (error) => error instanceof ToolError && error.code === 'OCI_REFERENCE_INVALID' && error.hint !== undefined,
    );
  });
}

const FROM = new URL('http://127.0.0.1:5000/v2/a/blobs/uploads/');
for (const [location, expected] of Object.entries({
  '/v2/a/blobs/uploads/1?x=y': 'http://127.0.0.1:5000/v2/a/blobs/uploads/1?x=y',
  'http://127.0.0.1:5000/u': 'http://127.0.0.1:5000/u',
  'https://storage.example/u': 'https://storage.example/u',
  'http://storage.example/u': undefined,
  'https://127.0.0.1/u': undefined,
  'https://10.1.2.3/u': undefined,
  'https://[::1]/u': undefined,
  'https://localhost/u': undefined,
  'https://169.254.169.254/latest': undefined,
  'http://127.0.0.1:5001/u': undefined,
})) {
  test(`${expected === undefined ? 'refuses' : 'follows'} location ${location}`, () => {
    if (expected === undefined) {
      assert.throws(
        () => resolveLocation(FROM, location, 'Testing'),
        (error) => error instanceof ToolError && error.code === 'OCI_REDIRECT_REFUSED',
      );
    } else {
      assert.equal(resolveLocation(FROM, location, 'Testing').href, expected);
    }
  });
}
