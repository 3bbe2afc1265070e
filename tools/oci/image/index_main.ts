// The program of the OciIndex action: the documents of images in, the index out.
import { writeFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { buildIndex } from './build_index.ts';
import { asArray, asObject, asString, parseConfig, parseDescriptor } from './model.ts';
import { readJson } from './read_json.ts';

await runMain(async ({ argv }) => {
  const [path] = argv;
  if (path === undefined) {
    throw new ToolError('OCI_USAGE', 'Building an index: no parameter file given', {
      hint: 'Name the parameter file as the only argument.',
    });
  }
  const parameters = asObject(await readJson(path), path);
  const text = (field: string) => asString(parameters[field], `${path}.${field}`);
  const images = await Promise.all(
    asArray(parameters['images'], `${path}.images`).map(async (item, at) => {
      const where = `${path}.images[${at}]`;
      const object = asObject(item, where);
      const field = (name: string) => asString(object[name], `${where}.${name}`);
      const entry = asObject(await readJson(field('entry')), field('entry'));
      return {
        entry,
        label: field('label'),
        manifest: parseDescriptor(entry['manifest'], `${field('entry')}.manifest`),
        config: parseConfig(await readJson(field('config')), field('config')),
      };
    }),
  );
  const annotations = asObject(parameters['annotations'], `${path}.annotations`) as Record<string, string>;
  const { bytes, descriptor } = buildIndex(images, annotations);
  const document = {
    version: 1,
    repository: text('repository'),
    index: { ...descriptor, path: text('indexRunfile') },
    images: images.map(({ entry }) => entry),
  };
  await Promise.all([
    writeFile(text('index'), bytes),
    writeFile(text('digest'), `${descriptor.digest}\n`),
    writeFile(text('output'), `${JSON.stringify(document)}\n`),
  ]);
});
