// The program of the OciImage action: descriptors in, documents out; it opens no layer.
import { readFile, writeFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { type ConflictPolicy, checkConflicts } from '../inspect/conflicts.ts';
import { type LayerContents, readContents } from '../layer/contents.ts';
import { type BaseImage, type ImageSettings, buildImage } from './build_image.ts';
import { type JsonObject, asArray, asObject, asString, parseConfig, parseLayerDescriptor } from './model.ts';
import { readJson } from './read_json.ts';
import { parseStatus, stampSettings } from './stamp.ts';

/** A layer's descriptor file, and where its blob is at run time. */
interface LayerInput {
  readonly descriptor: string;
  readonly runfile: string;
  /** What is in it, and where that is at run time. Default: not known. */
  readonly contents?: string;
  readonly contentsRunfile?: string;
}

function parseLayers(value: unknown, where: string): LayerInput[] {
  return asArray(value, where).map((item, index) => {
    const object = asObject(item, `${where}[${index}]`);
    return {
      descriptor: asString(object['descriptor'], `${where}[${index}].descriptor`),
      runfile: asString(object['runfile'], `${where}[${index}].runfile`),
      ...(typeof object['contents'] === 'string' ? { contents: object['contents'] } : {}),
      ...(typeof object['contentsRunfile'] === 'string' ? { contentsRunfile: object['contentsRunfile'] } : {}),
    };
  });
}

async function readDescriptors(inputs: readonly LayerInput[]) {
  return Promise.all(
    inputs.map(async ({ descriptor }) => parseLayerDescriptor(await readJson(descriptor), descriptor)),
  );
}

/** What is in a layer. Where that is not known, nothing is: its blob is not opened for a warning. */
async function contentsOf({ contents, descriptor }: LayerInput): Promise<LayerContents> {
  return contents === undefined
    ? { createdBy: descriptor, packages: [], inputs: [], entries: [] }
    : readContents(contents);
}

/** The settings, with labels out of files, and with the workspace status of a stamped build. */
async function readSettings(parameters: JsonObject, where: string): Promise<ImageSettings> {
  // Written by the rule, whose attributes have these types.
  const settings = asObject(parameters['settings'], `${where}.settings`) as ImageSettings;
  const files = Object.entries(asObject(parameters['labelFiles'], `${where}.labelFiles`)) as [string, string][];
  const read = await Promise.all(
    files.map(async ([key, file]) => [key, (await readFile(file, 'utf8')).replace(/\n$/, '')] as const),
  );
  const labelled = { ...settings, labels: { ...settings.labels, ...Object.fromEntries(read) } };
  const status = asArray(parameters['status'], `${where}.status`).map((file) => asString(file, `${where}.status`));
  if (status.length === 0) return labelled;
  const lines = await Promise.all(status.map(async (file) => [...parseStatus(await readFile(file, 'utf8'))]));
  return stampSettings(labelled, new Map(lines.flat()));
}

await runMain(async ({ argv }) => {
  const [path] = argv;
  if (path === undefined) {
    throw new ToolError('OCI_USAGE', 'Building an image: no parameter file given', {
      hint: 'Name the parameter file as the only argument.',
    });
  }
  const parameters = asObject(await readJson(path), path);
  const text = (field: string) => asString(parameters[field], `${path}.${field}`);
  const baseLayers = parseLayers(parameters['baseLayers'], `${path}.baseLayers`);
  const ownLayers = parseLayers(parameters['layers'], `${path}.layers`);
  const baseConfig = parameters['baseConfig'];
  let base: BaseImage | undefined;
  if (typeof baseConfig === 'string') {
    const config = parseConfig(await readJson(baseConfig), baseConfig);
    base = { config, layers: await readDescriptors(baseLayers) };
  }
  const built = buildImage({
    ...(base === undefined ? {} : { base }),
    layers: await readDescriptors(ownLayers),
    settings: await readSettings(parameters, path),
  });
  const contents = await Promise.all([...baseLayers, ...ownLayers].map(contentsOf));
  checkConflicts({
    image: text('label'),
    layers: contents,
    from: baseLayers.length,
    replaces: asArray(parameters['replaces'], `${path}.replaces`).map((item) => asString(item, `${path}.replaces`)),
    policy: text('layerConflicts') as ConflictPolicy,
    warn: createLog().warn,
  });
  const index = {
    version: 1,
    repository: text('repository'),
    ...(typeof parameters['remoteCache'] === 'string' ? { remoteCache: parameters['remoteCache'] } : {}),
    manifest: { ...built.manifest.descriptor, path: text('manifestRunfile') },
    config: { ...built.config.descriptor, path: text('configRunfile') },
    layers: [...baseLayers, ...ownLayers].map(({ runfile, contentsRunfile }, at) => {
      const layer = built.layers[at];
      const { digest, size, mediaType, source } = layer ?? {};
      const blob = { digest, size, mediaType, path: runfile, source };
      return contentsRunfile === undefined ? blob : { ...blob, contents: contentsRunfile };
    }),
    // Paths only: what is in these documents is not known here, as they have the image's digest.
    artifacts: parameters['artifacts'],
  };
  await Promise.all([
    writeFile(text('manifest'), built.manifest.bytes),
    writeFile(text('config'), built.config.bytes),
    writeFile(text('digest'), `${built.manifest.descriptor.digest}\n`),
    writeFile(text('index'), `${JSON.stringify(index)}\n`),
  ]);
});
