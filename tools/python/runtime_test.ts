import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { pack } from 'tar-stream';
import { runfile } from '../lib/runfiles.ts';
import { placeInRuntime, writeRuntime } from './runtime.ts';

const folder = await mkdtemp(join(tmpdir(), 'py-runtime-'));
after(() => rm(folder, { recursive: true }));

for (const [path, place] of [
  ['usr/bin/python3.13', 'bin/python3.13'],
  ['usr/lib/python3.13/json/decoder.py', 'lib/python3.13/json/decoder.py'],
  ['usr/lib/x86_64-linux-gnu/libc.so.6', 'lib/libc.so.6'],
  ['usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1', 'lib/ld.so'],
  ['lib/x86_64-linux-gnu/libz.so.1.3.1', 'lib/libz.so.1.3.1'],
  ['usr/lib/x86_64-linux-gnu/gconv/UTF-16.so', undefined],
  ['usr/bin/perl', undefined],
  ['etc/passwd', undefined],
] as const) {
  test(`puts ${path} ${place === undefined ? 'nowhere' : `at ${place}`}`, () =>
    assert.equal(placeInRuntime(path), place));
}

test('runs whatever C library the machine has, and has the modules that services need', async () => {
  const runtime = runfile('fathom/tools/python/host_runtime');
  const code = 'import ssl, json, ctypes, hashlib, asyncio, sys; print(sys.version_info[:2], ssl.OPENSSL_VERSION)';
  const args = ['--library-path', join(runtime, 'lib'), join(runtime, 'bin/python3.13'), '-c', code];
  const { stdout } = await promisify(execFile)(join(runtime, 'lib/ld.so'), args, { env: { PYTHONHOME: runtime } });
  assert.match(stdout, /^\(3, 13\) OpenSSL 3/);
});

test('says what an image lacks', async () => {
  const archive = pack();
  archive.entry({ name: 'usr/bin/python3.13' }, 'x');
  archive.finalize();
  const layer = join(folder, 'layer.tar');
  await pipeline(archive, createWriteStream(layer));
  await assert.rejects(writeRuntime([layer], join(folder, 'made')), {
    code: 'PY_RUNTIME_INCOMPLETE',
    message: /no lib\/ld\.so, no lib\/libc\.so\./,
  });
});
