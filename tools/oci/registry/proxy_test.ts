// A registry that only a proxy leads to, and whose authority only the machine knows.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { makeCertificate } from '../../lib/testing/certificate.ts';
import { type ConnectProxy, startConnectProxy } from '../../lib/testing/connect_proxy.ts';
import { imageDigest } from '../image/oci_image.ts';
import { peerPath } from '../testing/peers.ts';
import { startRealRegistry } from '../testing/real_registry.ts';
import { layeredImage, noise, scratchFolder } from '../testing/sample_image.ts';
import { headManifest } from './exchanges.ts';
import { pushImages } from './push.ts';
import { createTransport } from './transport.ts';

const program = peerPath('OCI_REGISTRY_3');
const options = { log: createLog(() => undefined), signal: AbortSignal.timeout(60_000), retryDeadlineMs: 0 };

/** Runs `use` with variables of the process, as a shell sets them. */
async function withEnvironment(variables: Readonly<Record<string, string>>, use: () => Promise<void>): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await use();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

const portOf = (endpoint: string) => Number(endpoint.split(':')[1]);

/** A push and a question, each over connections of its own. */
async function useRegistry(endpoint: string, plainHttp: boolean): Promise<void> {
  await using folder = await scratchFolder();
  const image = await layeredImage(folder.path, 'a', [noise(300_000, 'base'), Buffer.from('app')]);
  await pushImages([{ repository: 'a', image, tags: ['v1'] }], { ...options, endpoint, plainHttp });
  const transport = createTransport({ ...options, endpoint, plainHttp });
  assert.equal(await headManifest({ transport, repository: 'a' }, 'v1'), imageDigest(image));
  transport.close();
}

test('pushes over TLS by the proxy of HTTPS_PROXY, trusting whom the machine trusts', async () => {
  await using folder = await scratchFolder();
  const { cert, key } = await makeCertificate('CN=registry.test', 'registry.test');
  const tls = { certificate: join(folder.path, 'registry.crt'), key: join(folder.path, 'registry.key') };
  await writeFile(tls.certificate, cert);
  await writeFile(tls.key, key);
  await using registry = await startRealRegistry(program, folder.path, { tls });
  await using proxy = await startConnectProxy({ 'registry.test:5000': portOf(registry.endpoint) });
  await withEnvironment({ HTTPS_PROXY: proxy.url, SSL_CERT_FILE: tls.certificate }, () =>
    useRegistry('registry.test:5000', false),
  );
  assert.deepEqual(new Set(proxy.seen), new Set(['CONNECT registry.test:5000']));
});

test('pushes plainly by the proxy of HTTP_PROXY', async () => {
  await using folder = await scratchFolder();
  await using registry = await startRealRegistry(program, folder.path);
  await using proxy = await startConnectProxy({ 'registry.test:5000': portOf(registry.endpoint) });
  await withEnvironment({ HTTP_PROXY: proxy.url }, () => useRegistry('registry.test:5000', true));
  assert.ok(proxy.seen.includes('HEAD http://registry.test:5000/v2/a/manifests/v1'), proxy.seen.join('\n'));
});

/** What is said of a registry that nothing leads to. */
async function refusal(
  proxy: ConnectProxy,
  variables: Readonly<Record<string, string>>,
): Promise<{ code: string; message: string }> {
  const transport = createTransport({ ...options, endpoint: 'other.test', plainHttp: false });
  const request = { doing: 'Asking', method: 'GET', url: '/v2/', allowed: [200] } as const;
  let said = { code: '', message: '' };
  await withEnvironment({ HTTPS_PROXY: proxy.url, ...variables }, async () => {
    await assert.rejects(transport.send(request), (error: ToolError) => {
      said = { code: error.code, message: error.message };
      return true;
    });
  });
  transport.close();
  return said;
}

test('says which proxy leads to no registry, and asks none for what NO_PROXY names', async () => {
  await using proxy = await startConnectProxy({});
  const host = new URL(proxy.url).host;
  const user = proxy.url.replace('//', '//user:hunter2-hunter2@');
  assert.deepEqual(await refusal(proxy, { HTTPS_PROXY: user }), {
    code: 'OCI_REGISTRY_UNREACHABLE',
    message: `Asking: nothing answers at other.test by the proxy ${host} (ERR_PROXY_TUNNEL)`,
  });
  assert.deepEqual(proxy.seen, ['CONNECT other.test:443']);
  const direct = await refusal(proxy, { NO_PROXY: 'other.test' });
  assert.equal(direct.code, 'OCI_REGISTRY_UNREACHABLE');
  assert.doesNotMatch(direct.message, /proxy/);
  assert.equal(proxy.seen.length, 1);
});
