// The program of the OciSbom and OciProvenance actions: `documents_main params.json`.
import { readFile, writeFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { type Digest, isDigest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { asArray, asObject, asString, invalid, parseConfig, parseLayerDescriptor } from '../image/model.ts';
import { readJson } from '../image/read_json.ts';
import { parseStatus } from '../image/stamp.ts';
import { readContents } from '../layer/contents.ts';
import { provenanceStatement } from './provenance.ts';
import { spdxDocument } from './spdx.ts';

await runMain(async ({ argv }) => {
  const [path] = argv;
  if (path === undefined) {
    throw new ToolError('OCI_USAGE', 'Describing an image: no parameter file given', {
      hint: 'Name the parameter file as the only argument.',
    });
  }
  const parameters = asObject(await readJson(path), path);
  const text = (field: string) => asString(parameters[field], `${path}.${field}`);
  const files = (field: string) =>
    asArray(parameters[field], `${path}.${field}`).map((file, at) => asString(file, `${path}.${field}[${at}]`));
  const contents = await Promise.all(files('contents').map(readContents));
  const image = {
    repository: text('repository'),
    digest: await readDigest(text('digest')),
    packages: contents.flatMap(({ packages }) => packages),
  };
  const document = parameters['kind'] === 'provenance' ? await provenance() : spdxDocument(image);
  await writeFile(text('output'), `${JSON.stringify(document, null, 2)}\n`);

  async function provenance() {
    const layers = files('descriptors').map(async (file) => parseLayerDescriptor(await readJson(file), file));
    const config = parseConfig(await readJson(text('config')), text('config'));
    const status = files('status').map(async (file) => [...parseStatus(await readFile(file, 'utf8'))]);
    const lines = (await Promise.all(status)).flat();
    return provenanceStatement({
      ...image,
      target: text('target'),
      platform: `${config.os}/${config.architecture}`,
      layers: await Promise.all(layers),
      builder: text('builder'),
      ...(lines.length === 0 ? {} : { status: new Map(lines) }),
    });
  }
});

async function readDigest(path: string): Promise<Digest> {
  const text = (await readFile(path, 'utf8')).trim();
  if (!isDigest(text)) throw invalid(path, 'is not a digest');
  return text;
}
