// The program of the OciTarball action: `--image image.json --output x.tar [--name NAME …] [--blob RUNFILE=PATH …]`.
import { parseArgs } from 'node:util';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { writeOciLayoutTar } from './layout_tar.ts';
import { imageDigest, readImage } from './oci_image.ts';

await runMain(async ({ argv }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      image: { type: 'string' },
      output: { type: 'string' },
      // A name without tag and digest; the image is recorded by its digest as well as by each `--tag`.
      name: { type: 'string' },
      tag: { type: 'string', multiple: true },
      blob: { type: 'string', multiple: true },
    },
  });
  const { image: path, output, name } = values;
  if (path === undefined || output === undefined) {
    throw new ToolError('OCI_USAGE', 'Writing an image tar: --image or --output is missing', { hint: 'Give both.' });
  }
  const blobs = new Map((values.blob ?? []).map((pair) => splitAt(pair, pair.indexOf('='))));
  const image = await readImage(path, (runfile) => blobs.get(runfile) ?? runfile);
  const tags = (values.tag ?? []).map((tag) => `${name}:${tag}`);
  await writeOciLayoutTar(image, output, name === undefined ? [] : [...tags, `${name}@${imageDigest(image)}`]);
});

function splitAt(text: string, index: number): [string, string] {
  return [text.slice(0, index), text.slice(index + 1)];
}
