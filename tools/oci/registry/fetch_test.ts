import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { startFakeRegistry } from '../testing/fake_registry.ts';
import { startFaultProxy } from '../testing/fault_proxy.ts';
import { noise, scratchFolder } from '../testing/sample_image.ts';
import { downloadBlob, getManifest, streamBlob } from './fetch.ts';
import { createTransport } from './transport.ts';

const signal = new AbortController().signal;
const bytes = noise(1_000_000, 'a blob');
const blob = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length };

test('downloads a blob, and goes on where the connection broke', async () => {
  await using folder = await scratchFolder();
  await using registry = await startFakeRegistry();
  registry.blobs.set(`a@${blob.digest}`, bytes);
  let left = 2;
  await using proxy = await startFaultProxy({
    upstream: registry.endpoint,
    choose: () => (left-- > 0 ? 'truncate' : undefined),
  });
  const transport = createTransport({ endpoint: proxy.endpoint, plainHttp: true, signal });
  const path = join(folder.path, 'blob');
  await downloadBlob({ transport, repository: 'a' }, blob, { path, signal });
  transport.close();
  assert.equal(digestOf(await readFile(path)), blob.digest);
  assert.equal(registry.seen.length, 3);
});

test('takes its part of a blob from a registry that sends all of it', async () => {
  await using registry = await startFakeRegistry();
  registry.fault = (request, response) => {
    request.resume();
    response.writeHead(200).end(bytes);
    return true;
  };
  const transport = createTransport({ endpoint: registry.endpoint, plainHttp: true, signal });
  const chunks: Buffer[] = [];
  for await (const chunk of streamBlob({ transport, repository: 'a' }, blob, { offset: 999, size: 500_000 })) {
    chunks.push(chunk);
  }
  transport.close();
  assert.ok(Buffer.concat(chunks).equals(bytes.subarray(999, 500_999)));
});

for (const [what, wrong] of [
  ['other bytes', noise(bytes.length, 'other')],
  ['fewer bytes', bytes.subarray(0, 5000)],
] as const) {
  test(`refuses a blob of ${what}, and leaves no file`, async () => {
    await using folder = await scratchFolder();
    await using registry = await startFakeRegistry();
    registry.blobs.set(`a@${blob.digest}`, wrong);
    const transport = createTransport({ endpoint: registry.endpoint, plainHttp: true, signal });
    const path = join(folder.path, 'blob');
    await assert.rejects(downloadBlob({ transport, repository: 'a' }, blob, { path, signal }), {
      code: 'OCI_DIGEST_MISMATCH',
    });
    transport.close();
    await assert.rejects(access(path));
  });
}

test('refuses a manifest whose bytes are not those of its digest', async () => {
  await using registry = await startFakeRegistry();
  registry.fault = (request, response) => {
    request.resume();
    response.writeHead(200).end('{}');
    return true;
  };
  const transport = createTransport({ endpoint: registry.endpoint, plainHttp: true, signal });
  const reading = getManifest({ transport, repository: 'a' }, blob.digest);
  await assert.rejects(reading, { code: 'OCI_DIGEST_MISMATCH', message: /sha256:/ });
  transport.close();
});
