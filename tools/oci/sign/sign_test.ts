import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { digestOf } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import { imageDigest } from '../image/oci_image.ts';
import { type Place, headManifest, putManifest } from '../registry/exchanges.ts';
import { type PushOptions, pushImages } from '../registry/push.ts';
import { uploadBlob } from '../registry/upload.ts';
import { listReferrers } from '../registry/referrers.ts';
import { createTransport } from '../registry/transport.ts';
import { type Peer, PEERS, peerPath } from '../testing/peers.ts';
import { layeredImage, scratchFolder } from '../testing/sample_image.ts';
import { encodePayload } from './payload.ts';
import { signImage } from './sign.ts';
import { SIGNATURE_TYPE, readSignatures, signatureManifest, signatureTag } from './signatures.ts';
import { keySigner } from './signer.ts';
import { readSigningKey } from './signing_key.ts';
import { verifyImage } from './verify.ts';

const run = promisify(execFile);
const signal = new AbortController().signal;
const options = { plainHttp: true, log: createLog(() => undefined), signal };
const PASSWORD = 'correct horse battery staple';
const keys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const reference = 'registry.example.com/team/app';

/** Pushes an image to a fresh registry; what sigstore's library says of it is `sigstore`. */
async function pushed(peer: Peer, folder: string) {
  const registry = await peer.start(folder);
  const transport = createTransport({ ...options, endpoint: registry.endpoint });
  const image = await layeredImage(folder, 'team/app', [Buffer.from('app')]);
  await pushImages([{ repository: 'team/app', image }], { ...options, endpoint: registry.endpoint });
  const place: Place = { transport, repository: 'team/app' };
  const sigstore = async (publicKey: string) => {
    const path = join(folder, `${digestOf(publicKey).slice(7, 19)}.pem`);
    await writeFile(path, publicKey);
    const name = `${registry.endpoint}/team/app@${imageDigest(image)}`;
    return (await run(peerPath('OCI_PEERS'), ['verify', name, path])).stdout.trim();
  };
  return {
    place,
    image,
    sigstore,
    [Symbol.asyncDispose]: async () => {
      transport.close();
      await registry[Symbol.asyncDispose]();
    },
  };
}

const pem = (key: ReturnType<typeof keys>['publicKey']) => key.export({ format: 'pem', type: 'spki' }).toString();

for (const peer of PEERS) {
  test(`signs an image so that sigstore's library and ours verify it, at ${peer.name}`, async () => {
    await using folder = await scratchFolder();
    await using at = await pushed(peer, folder.path);
    const { place, image, sigstore } = at;
    const [alice, bob, mallory] = [keys(), keys(), keys()];
    const sign = (key: ReturnType<typeof keys>) =>
      signImage({ place, image: image.manifest, reference, signer: keySigner(key.privateKey), signal });
    const verify = (key: ReturnType<typeof keys>, name = reference) =>
      verifyImage({ place, digest: imageDigest(image), publicKey: key.publicKey, reference: name });

    await assert.rejects(verify(alice), { code: 'OCI_SIGNATURE_MISSING' });
    assert.equal(await sign(alice), true);
    assert.deepEqual(await verify(alice), [{ reference, digest: imageDigest(image) }]);
    assert.equal(await sigstore(pem(alice.publicKey)), '1 signatures verified');
    await assert.rejects(verify(mallory), { code: 'OCI_SIGNATURE_INVALID', message: /another key/ });
    await assert.rejects(sigstore(pem(mallory.publicKey)), { stderr: /invalid signature/ });
    await assert.rejects(verify(alice, 'registry.example.com/other'), {
      code: 'OCI_SIGNATURE_INVALID',
      message: /signed as/,
    });

    assert.equal(await sign(alice), false, 'signed before');
    assert.equal(await sign(bob), true, 'beside');
    assert.equal((await readSignatures(place, imageDigest(image))).length, 2);
    await verify(alice);
    await verify(bob);
    assert.equal((await listReferrers(place, imageDigest(image), SIGNATURE_TYPE)).length, 2);
  });
}

for (const [what, tamper] of Object.entries({
  'the payload of another image': (payload: Buffer) =>
    Buffer.from(payload.toString().replace(/sha256:[0-9a-f]{64}/, digestOf('another image'))),
  'one changed byte of the payload': (payload: Buffer) =>
    Buffer.from(payload.toString().replace('team/app', 'team/apq')),
})) {
  test(`refuses a signature that was moved to ${what}`, async () => {
    await using folder = await scratchFolder();
    await using at = await pushed(PEERS[0]!, folder.path);
    const { place, image, sigstore } = at;
    const { privateKey, publicKey } = keys();
    await signImage({ place, image: image.manifest, reference, signer: keySigner(privateKey), signal });
    const [genuine] = await readSignatures(place, imageDigest(image));
    assert.ok(genuine);
    await replaceSignatures(place, image.manifest.digest, [{ ...genuine, payload: tamper(genuine.payload) }]);
    const verifying = verifyImage({ place, digest: imageDigest(image), publicKey });
    await assert.rejects(verifying, { code: 'OCI_SIGNATURE_INVALID', message: /another key/ });
    await assert.rejects(sigstore(pem(publicKey)), { stderr: /invalid signature/ });
  });
}

test('refuses a genuine signature of another image', async () => {
  await using folder = await scratchFolder();
  await using at = await pushed(PEERS[0]!, folder.path);
  const { place, image, sigstore } = at;
  const { privateKey, publicKey } = keys();
  const payload = encodePayload({ reference, digest: digestOf('another image') });
  const { bytes } = await keySigner(privateKey).sign(payload);
  const annotations = { 'dev.cosignproject.cosign/signature': bytes.toString('base64') };
  await replaceSignatures(place, image.manifest.digest, [{ payload, annotations }]);
  const verifying = verifyImage({ place, digest: imageDigest(image), publicKey });
  await assert.rejects(verifying, { code: 'OCI_SIGNATURE_INVALID', message: /signed is sha256:/ });
  await assert.rejects(sigstore(pem(publicKey)), { stderr: /signed is sha256:/ });
});

/** Writes signatures under the image's tag, as who has the registry could. */
async function replaceSignatures(
  place: Place,
  digest: `sha256:${string}`,
  signatures: Parameters<typeof signatureManifest>[0],
) {
  const { bytes, blobs } = signatureManifest(signatures);
  for (const blob of blobs) {
    const read = async function* () {
      if ('bytes' in blob) yield blob.bytes;
    };
    await uploadBlob(place, blob, { signal, retryDeadlineMs: 1000, chunkBytes: Infinity, read });
  }
  await putManifest(place, { mediaType: MEDIA_TYPE.manifest, bytes }, signatureTag(digest));
}

test('finds a signature that is a referrer alone', async () => {
  await using folder = await scratchFolder();
  await using at = await pushed(PEERS[0]!, folder.path);
  const { place, image } = at;
  const { privateKey, publicKey } = keys();
  await signImage({ place, image: image.manifest, reference, signer: keySigner(privateKey), signal });
  await replaceSignatures(place, image.manifest.digest, []);
  assert.equal((await verifyImage({ place, digest: imageDigest(image), publicKey })).length, 1);
});

test("opens a key that sigstore's library has encrypted, with its password alone", async () => {
  await using folder = await scratchFolder();
  const { privateKey, publicKey } = keys();
  const child = run(peerPath('OCI_PEERS'), ['seal-key', PASSWORD]);
  child.child.stdin?.end(privateKey.export({ format: 'der', type: 'pkcs8' }));
  const { stdout: sealed } = await child;
  const path = join(folder.path, 'cosign.key');
  await writeFile(path, sealed);
  for (const [source, env] of [
    [path, { COSIGN_PASSWORD: PASSWORD }],
    ['env:KEY', { KEY: sealed, COSIGN_PASSWORD: PASSWORD }],
  ] as const) {
    assert.equal(pem(createPublicKey(await readSigningKey(source, env))), pem(publicKey));
  }
  for (const env of [{ COSIGN_PASSWORD: 'wrong-Password' }, {}]) {
    await assert.rejects(readSigningKey(path, env), (error) => {
      assert.ok(error instanceof ToolError);
      assert.equal(error.code, 'OCI_KEY_UNREADABLE');
      assert.doesNotMatch(`${error.message} ${error.hint} ${String(error.cause)}`, /wrong-Password|correct horse/);
      return true;
    });
  }
});

test('reads keys in PEM, plain and with a password, of every kind that it signs with', async () => {
  const payload = Buffer.from('payload');
  const pairs = [keys(), generateKeyPairSync('ed25519'), generateKeyPairSync('rsa', { modulusLength: 2048 })];
  for (const { privateKey } of pairs) {
    const plain = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const cipher = { cipher: 'aes-256-cbc', passphrase: PASSWORD };
    const locked = privateKey.export({ format: 'pem', type: 'pkcs8', ...cipher }).toString();
    for (const env of [{ KEY: plain }, { KEY: locked, COSIGN_PASSWORD: PASSWORD }]) {
      const signer = keySigner(await readSigningKey('env:KEY', env));
      assert.ok(signer.isOwn(payload, (await signer.sign(payload)).bytes));
      assert.equal(signer.isOwn(Buffer.from('other'), (await signer.sign(payload)).bytes), false);
    }
  }
});

test('looks for a key from where the user is, not from where the program runs', async () => {
  await using folder = await scratchFolder();
  const { privateKey, publicKey } = keys();
  await writeFile(join(folder.path, 'my.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const found = await readSigningKey('my.key', { BUILD_WORKING_DIRECTORY: folder.path });
  assert.equal(pem(createPublicKey(found)), pem(publicKey));
});

for (const [source, words] of [
  ['/absent/cosign.key', /ENOENT/],
  ['env:ABSENT', /not set/],
  ['env:NONSENSE', /it is no key/],
] as const) {
  test(`says what is wrong with the key ${source}`, async () => {
    await assert.rejects(
      readSigningKey(source, { NONSENSE: '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\ne30=\n-----END' }),
      {
        code: 'OCI_KEY_UNREADABLE',
        message: words,
      },
    );
  });
}

test('signs in the same push, before the tag, and signs nothing again', async () => {
  await using folder = await scratchFolder();
  await using registry = await PEERS[0]!.start(folder.path);
  const { endpoint } = registry;
  const { privateKey, publicKey } = keys();
  const image = await layeredImage(folder.path, 'team/app', [Buffer.from('app')]);
  const items = [{ repository: 'team/app', image, tags: ['v1'] }];
  const refuse = () =>
    Promise.reject(new ToolError('OCI_KEY_UNREADABLE', 'Signing: the key is gone', { hint: 'Bring it.' }));
  await assert.rejects(pushImages(items, { ...options, endpoint, sign: refuse }), { code: 'OCI_KEY_UNREADABLE' });
  const transport = createTransport({ ...options, endpoint });
  const place = { transport, repository: 'team/app' };
  assert.equal(await headManifest(place, 'v1'), undefined, 'no tag of an image that was to be signed');

  const signer = keySigner(privateKey);
  const sign: PushOptions['sign'] = (where, manifest) =>
    signImage({ place: where, image: manifest, reference, signer, signal });
  assert.equal((await pushImages(items, { ...options, endpoint, sign })).signed, 1);
  const again = await pushImages(items, { ...options, endpoint, sign });
  assert.equal(again.signed, 0);
  assert.deepEqual(Object.keys(again.requests).sort(), ['GET', 'HEAD']);
  assert.equal(await headManifest(place, 'v1'), imageDigest(image));
  assert.equal((await verifyImage({ place, digest: imageDigest(image), publicKey })).length, 1);
  transport.close();
});
