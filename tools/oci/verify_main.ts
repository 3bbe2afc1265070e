// `bazel run //tools/oci:verify -- --key cosign.pub registry/repository@sha256:…`
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runMain } from '../lib/cli.ts';
import { ToolError, systemErrorCode } from '../lib/errors.ts';
import { userPath } from '../lib/runfiles.ts';
import { readClusterState } from '../lib/state.ts';
import { registryAddress } from './registry/address_of.ts';
import { dockerCredentials } from './registry/docker_config.ts';
import { headManifest } from './registry/exchanges.ts';
import { parseReference } from './registry/reference.ts';
import { createTransport } from './registry/transport.ts';
import { parsePublicKey, verifyImage } from './sign/verify.ts';
import { isDigest } from '../lib/digest.ts';

await runMain(async ({ argv, env, signal }) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      name: { type: 'string' },
      cluster: { type: 'string', default: 'fathom' },
    },
  });
  const [image] = positionals;
  if (values.key === undefined || image === undefined) {
    throw new ToolError('OCI_USAGE', 'Verifying an image: --key or the image is missing', {
      hint: 'Run `bazel run @fathom//tools/oci:verify -- --key cosign.pub registry/repository@sha256:…`.',
    });
  }
  const reference = parseReference(image);
  const { registry, repository } = reference;
  const state = (await readClusterState(values.cluster, env))?.registry;
  const credentials = dockerCredentials(registry, env, signal);
  const transport = createTransport({ ...registryAddress(registry, state), signal, credentials });
  const place = { transport, repository };
  try {
    const publicKey = parsePublicKey(await readKey(userPath(values.key, env)));
    const digest = reference.digest ?? (await headManifest(place, reference.tag ?? 'latest'));
    if (!isDigest(digest)) {
      throw new ToolError('OCI_NOT_FOUND', `Verifying ${image}: the registry has no such image`, {
        hint: 'Check name, tag and digest.',
      });
    }
    const name = values.name ?? `${registry}/${repository}`;
    for (const claim of await verifyImage({ place, digest, publicKey, reference: name })) {
      process.stdout.write(`${claim.reference}@${claim.digest}\n`);
    }
  } finally {
    transport.close();
  }
});

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ToolError('OCI_KEY_UNREADABLE', `Reading public key ${path}: ${systemErrorCode(error) ?? 'it failed'}`, {
      cause: error,
      hint: 'Name the file of the public key.',
    });
  }
}
