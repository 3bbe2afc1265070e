import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { startFakeRegistry } from '../testing/fake_registry.ts';
import { layeredImage, noise, scratchFolder } from '../testing/sample_image.ts';
import { startProgress } from './progress.ts';
import { pushImages } from './push.ts';

test('says bytes, rate and blobs of what is on its way, and nothing while nothing is', async () => {
  const lines: string[] = [];
  let heard: () => void = () => undefined;
  const log = createLog((line) => {
    lines.push(line);
    heard();
  });
  const spoken = () => new Promise<void>((resolve) => (heard = resolve));
  using progress = startProgress({ log, what: 'pushing to r', everyMs: 5 });
  const first = progress.begin(3_000_000);
  const second = progress.begin(1_000_000);
  first.moveTo(1_500_000);
  second.end();
  // A fault: the first one begins anew.
  first.moveTo(500_000);
  await spoken();
  assert.match(lines.at(-1) ?? '', /^pushing to r … 1\.5 MB of 4\.0 MB, .*B\/s, 1 of 2 blobs\n$/);
  first.end();
  assert.match(progress.summary(), /^2 blobs, 4\.0 MB in .* \(.*B\/s\)$/);
});

test('shows how far a slow push is', async () => {
  await using folder = await scratchFolder();
  await using registry = await startFakeRegistry();
  const lines: string[] = [];
  // The answer to the first chunk comes when a line was written.
  const spoken = Promise.withResolvers<void>();
  let isHeld = false;
  registry.fault = (request, response, { method }) => {
    if (method !== 'PATCH' || isHeld) return false;
    isHeld = true;
    request.resume();
    void spoken.promise.then(() => response.writeHead(503).end());
    return true;
  };
  const log = createLog((line) => {
    lines.push(line);
    if (line.includes(' … ')) spoken.resolve();
  });
  const image = await layeredImage(folder.path, 'a', [noise(400_000, 'slow')]);
  await pushImages([{ repository: 'a', image }], {
    endpoint: registry.endpoint,
    plainHttp: true,
    log,
    signal: new AbortController().signal,
    chunkBytes: 100_000,
    progressMs: 10,
  });
  assert.match(lines[0] ?? '', /^pushing to 127\.0\.0\.1:\d+ … .* of .*, .*B\/s, \d of \d blobs\n$/);
  assert.match(lines.at(-1) ?? '', /^pushed 2 blobs, .* in .* \(.*B\/s\) to 127/);
});
