import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseLayerDescriptor } from '../image/model.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { readContents } from './contents.ts';

const TOOL = process.env['LAYER_TOOL'] ?? '';
const FILE_BYTES = 5 * 1024 ** 3;
const MOST_MEMORY_BYTES = 300_000_000;

/** Runs the layer builder as its action does, and tells how much memory it took at most. */
async function peakMemory(parameters: string): Promise<number> {
  // Node says it itself at the end: to ask the kernel from outside, one would have to come just in time.
  const report = `data:text/javascript,process.on('exit',()=>console.log(process.resourceUsage().maxRSS))`;
  const child = spawn(process.execPath, ['--import', report, TOOL, parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0);
  return Number(output.trim()) * 1024;
}

test('packs a file of 5 GiB in less than 300 MB of memory', async () => {
  await using folder = await scratchFolder();
  const source = join(folder.path, 'large');
  const handle = await open(source, 'w');
  await handle.truncate(FILE_BYTES);
  await handle.close();
  const [blob, descriptor, contents] = ['blob', 'descriptor', 'contents'].map((name) => join(folder.path, name));
  const parameters = join(folder.path, 'parameters.json');
  await writeFile(
    parameters,
    JSON.stringify({
      ...{ blob, descriptor, contents, createdBy: '//large', compression: 'zstd' },
      sources: [{ kind: 'file', path: '/large', source }],
    }),
  );
  const peak = await peakMemory(parameters);
  assert.ok(peak < MOST_MEMORY_BYTES, `it took ${peak} bytes`);
  const made = parseLayerDescriptor(JSON.parse(await readFile(descriptor ?? '', 'utf8')), 'descriptor');
  // Zeros compress to almost nothing; the entry has the whole size, and the hash of that many zeros.
  assert.ok(made.size < 2_000_000, `the blob has ${made.size} bytes`);
  const [entry] = (await readContents(contents ?? '')).entries;
  assert.deepEqual(
    [entry?.path, entry?.size, entry?.digest],
    ['large', FILE_BYTES, 'sha256:7f06c62352aebd8125b2a1841e2b9e1ffcbed602f381c3dcb3200200e383d1d5'],
  );
});
