import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import { CertificateWatcher, readCertificates } from './certificates.ts';
import { createClient } from './client.ts';
import { ConfigError } from './config.ts';
import { EchoClient, startEcho, testLog } from './testing/echo.ts';
import { type Authority, issue, makeAuthority, type PairFiles } from './testing/pki.ts';
import { clientCredentials, serverCredentials } from './tls.ts';

const INTERVAL_MS = 30;
const variables = { certFile: 'TLS_CERT_FILE', keyFile: 'TLS_KEY_FILE', caFile: 'TLS_CLIENT_CA_FILE' };
let folder: string;
let ours: Authority;
let theirs: Authority;
let caFile: string;
let theirCaFile: string;
let server: PairFiles;
let caller: PairFiles;
let stranger: PairFiles;

before(async () => {
  folder = await mkdtemp('/tmp/kit-tls-');
  ours = await makeAuthority('our authority');
  theirs = await makeAuthority('their authority');
  caFile = join(folder, 'ca.crt');
  theirCaFile = join(folder, 'theirs.crt');
  await writeFile(caFile, ours.pem);
  await writeFile(theirCaFile, theirs.pem);
  server = await issue(ours, folder, 'server');
  caller = await issue(ours, folder, 'caller');
  stranger = await issue(theirs, folder, 'stranger');
});
after(() => rm(folder, { recursive: true }));

interface Case {
  readonly serverFiles?: PairFiles;
  readonly clientCaFile?: string;
  readonly trusted?: string;
  readonly callerFiles?: PairFiles | undefined;
  readonly lines?: Record<string, unknown>[];
}

/** Runs `run` with a function that calls the server by a connection of its own. */
async function withTls(options: Case, run: (call: (files?: PairFiles) => Promise<string>) => Promise<void>) {
  const log = testLog(options.lines);
  const { certFile, keyFile } = options.serverFiles ?? server;
  const config = { tlsCertFile: certFile, tlsKeyFile: keyFile, tlsClientCaFile: options.clientCaFile };
  const credentials = serverCredentials(config, { log, intervalMs: INTERVAL_MS });
  assert.ok(credentials);
  const echo = await startEcho({ say: (text, call) => `${text} ${call.identity ?? 'nobody'}` }, { credentials });
  const call = async (files = options.callerFiles) => {
    const creds = clientCredentials(
      { tlsCaFile: options.trusted ?? caFile, tlsCertFile: files?.certFile, tlsKeyFile: files?.keyFile },
      { log: testLog() },
    );
    assert.ok(creds);
    const address = { host: 'localhost', port: echo.port };
    const channel = { 'grpc.use_local_subchannel_pool': 1 };
    const client = createClient(EchoClient, { address, credentials: creds, channel });
    try {
      return (await client.say('a', new Metadata(), { deadline: Date.now() + 5000 })).text;
    } finally {
      client.close();
    }
  };
  try {
    await run(call);
  } finally {
    await echo.drain(0);
  }
}

describe('TLS', () => {
  test('is spoken, and no plain text', { timeout: 20_000 }, () =>
    withTls({}, async (call) => {
      assert.equal(await call(), 'a nobody');
    }),
  );
  test('callers do not trust a certificate of another authority', { timeout: 20_000 }, () =>
    withTls({ trusted: theirCaFile }, async (call) => {
      await assert.rejects(call(), { code: status.UNAVAILABLE });
    }),
  );
});

describe('mutual TLS', () => {
  test('lets in who has a certificate of the authority, and knows who that is', { timeout: 20_000 }, () =>
    withTls({ clientCaFile: caFile }, async (call) => {
      assert.equal(await call(caller), 'a caller');
    }),
  );
  test('lets in nobody else', { timeout: 20_000 }, () =>
    withTls({ clientCaFile: caFile }, async (call) => {
      await assert.rejects(call(), { code: status.UNAVAILABLE });
      await assert.rejects(call(stranger), { code: status.UNAVAILABLE });
    }),
  );
});

test(
  'changed files are used for new connections, and a pair that does not fit is not',
  { timeout: 20_000 },
  async () => {
    const lines: Record<string, unknown>[] = [];
    const until = async (msg: string) => {
      for (let waitedMs = 0; waitedMs < 5000; waitedMs += 10) {
        if (lines.some((line) => line['msg'] === msg)) return;
        await delay(10);
      }
      throw new Error(`There was no line "${msg}"`);
    };
    const live = { certFile: join(folder, 'live.crt'), keyFile: join(folder, 'live.key') };
    // At once, as the files of a mounted secret change: nobody sees half a file.
    const replace = async (from: string, to: string) => {
      await copyFile(from, `${to}.new`);
      await rename(`${to}.new`, to);
    };
    const use = async (files: PairFiles) => {
      await replace(files.certFile, live.certFile);
      await replace(files.keyFile, live.keyFile);
    };
    await use(server);
    await withTls({ serverFiles: live, lines }, async (call) => {
      assert.equal(await call(), 'a nobody');
      await replace(stranger.certFile, live.certFile);
      await until('changed certificates are not used');
      await delay(3 * INTERVAL_MS);
      assert.equal(lines.filter(({ msg }) => msg === 'changed certificates are not used').length, 1);
      assert.equal(await call(), 'a nobody');
      await use(await issue(theirs, folder, 'next'));
      await until('certificates have changed');
      await assert.rejects(call(), { code: status.UNAVAILABLE });
      await use(server);
      lines.length = 0;
      await until('certificates have changed');
      assert.equal(await call(), 'a nobody');
    });
  },
);

test('what has changed while nobody listened is known to who listens next', { timeout: 20_000 }, async () => {
  const files = { certFile: join(folder, 'idle.crt'), keyFile: join(folder, 'idle.key') };
  const use = async (from: PairFiles) => {
    await copyFile(from.certFile, files.certFile);
    await copyFile(from.keyFile, files.keyFile);
  };
  await use(caller);
  const watcher = new CertificateWatcher({ files, variables, log: testLog() });
  /** What is told at last to one that listens for a moment. */
  const heard = async () => {
    let last: Buffer | undefined;
    const listener = (update: { readonly certificate: Buffer } | null) => void (last = update?.certificate);
    watcher.addIdentityCertificateListener(listener);
    await delay(0);
    watcher.removeIdentityCertificateListener(listener);
    return last;
  };
  assert.deepEqual(await heard(), await readFile(caller.certFile));
  await use(stranger);
  assert.deepEqual(await heard(), await readFile(stranger.certFile));
});

describe('what is wrong with the files is told at once, by variable and path', () => {
  const problemsOf = (read: () => unknown): readonly string[] => {
    try {
      read();
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return error.problems;
    }
    return [];
  };
  test('files that are missing or hold something else', async () => {
    const empty = join(folder, 'empty');
    await writeFile(empty, '');
    const found = problemsOf(() =>
      readCertificates({ certFile: empty, keyFile: empty, caFile: join(folder, 'missing') }, variables),
    );
    assert.deepEqual(found, [
      `TLS_CLIENT_CA_FILE: ${join(folder, 'missing')}: reading it: ENOENT`,
      `TLS_CERT_FILE: ${empty} must hold a certificate in PEM`,
      `TLS_KEY_FILE: ${empty} must hold a private key in PEM`,
    ]);
  });
  test('a key that is not that of the certificate', () => {
    const found = problemsOf(() => readCertificates({ ...server, keyFile: caller.keyFile }, variables));
    assert.deepEqual(found, [
      `TLS_KEY_FILE: ${caller.keyFile} is not the key of the certificate in TLS_CERT_FILE: ${server.certFile}: give the two that belong together`,
    ]);
  });
  test('a certificate that has expired', async () => {
    const old = await issue(ours, folder, 'old', { validMs: -86_400_000 });
    assert.match(problemsOf(() => readCertificates(old, variables)).join(), /has expired on \d{4}-.*: renew it$/);
  });
  test('a certificate that is cut short', async () => {
    const broken = join(folder, 'broken');
    await writeFile(broken, '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
    const found = problemsOf(() => readCertificates({ ...server, certFile: broken }, variables));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /^TLS_CERT_FILE: .*broken: certificate 1 cannot be read: /);
  });
  test('one file without the other', () => {
    const log = testLog();
    const { certFile, keyFile } = server;
    const none = { tlsCertFile: undefined, tlsKeyFile: undefined, tlsClientCaFile: undefined };
    assert.equal(serverCredentials(none, { log }), undefined);
    assert.deepEqual(
      [
        { ...none, tlsCertFile: certFile },
        { ...none, tlsKeyFile: keyFile },
        { ...none, tlsClientCaFile: caFile },
      ].flatMap((config) => problemsOf(() => serverCredentials(config, { log }))),
      [
        'TLS_CERT_FILE is set, and TLS_KEY_FILE is not: set both, or none',
        'TLS_KEY_FILE is set, and TLS_CERT_FILE is not: set both, or none',
        'TLS_CLIENT_CA_FILE is set, and TLS_CERT_FILE and TLS_KEY_FILE are not: set all three',
      ],
    );
  });
});
