// Started from source by the repository rule oci_pull (`describe`), and bundled as the program of the OciFetch action
// (`fetch`). Imports of node's own modules and of this repository alone.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../../lib/cli.ts';
import { isDigest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { dockerCredentials } from '../registry/docker_config.ts';
import { downloadBlob } from '../registry/fetch.ts';
import { startProgress } from '../registry/progress.ts';
import { endpointOf, parseReference } from '../registry/reference.ts';
import { createTransport } from '../registry/transport.ts';
import { resolveImage } from './resolve.ts';

await runMain(async ({ argv, env, signal }) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      image: { type: 'string', default: '' },
      digest: { type: 'string', default: '' },
      platform: { type: 'string', default: 'linux/amd64' },
      size: { type: 'string', default: '' },
      output: { type: 'string', default: '' },
      'plain-http': { type: 'boolean', default: false },
    },
  });
  const { digest, output } = values;
  const { registry, repository } = parseReference(values.image);
  if (!isDigest(digest) || output === '') throw usage(`--digest is "${digest}", --output is "${output}"`);
  const source = { registry, repository, plainHttp: values['plain-http'] };
  const transport = createTransport({
    endpoint: endpointOf(registry),
    plainHttp: source.plainHttp,
    signal,
    credentials: dockerCredentials(registry, env, signal),
  });
  const place = { transport, repository };
  try {
    if (positionals[0] === 'describe') {
      const image = await resolveImage({ place, digest, platform: values.platform, source });
      const { manifest, config, layers } = image;
      await mkdir(output, { recursive: true });
      await writeFile(join(output, 'manifest.json'), manifest.bytes);
      await writeFile(join(output, 'config.json'), config.bytes);
      const description = {
        manifest: { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length },
        config: { mediaType: config.mediaType, digest: config.digest, size: config.bytes.length },
        layers,
      };
      await writeFile(join(output, 'description.json'), JSON.stringify(description));
    } else if (positionals[0] === 'fetch') {
      const size = Number(values.size);
      if (!Number.isSafeInteger(size) || size < 0) throw usage(`--size is "${values.size}"`);
      await mkdir(dirname(output), { recursive: true });
      using progress = startProgress({ log: createLog(), what: `fetching ${digest.slice(0, 19)} of ${registry}` });
      const transfer = progress.begin(size);
      const blob = { mediaType: 'application/octet-stream', digest, size };
      await downloadBlob(place, blob, { path: output, signal, onPosition: transfer.moveTo });
    } else {
      throw usage(`the command is "${positionals[0] ?? ''}"`);
    }
  } finally {
    transport.close();
  }
});

function usage(problem: string): ToolError {
  return new ToolError('OCI_USAGE', `Pulling an image: ${problem}`, {
    hint: 'Declare it with the repository rule oci_pull, which calls this program.',
  });
}
