// The program of the OciImage action: descriptors in, documents out; it opens no layer.
// One program writes all of them: what takes longest here is starting it.
import { readFile, writeFile } from 'node:fs/promises';
import { runTool } from '../../lib/worker.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { type ConflictPolicy, checkConflicts } from '../inspect/conflicts.ts';
import { type LayerContents, readContents } from '../layer/contents.ts';
import { describeImage } from '../sbom/documents.ts';
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
async function readSettings(
  parameters: JsonObject,
  where: string,
  status: ReadonlyMap<string, string> | undefined,
): Promise<ImageSettings> {
  // Written by the rule, whose attributes have these types.
  const settings = asObject(parameters['settings'], `${where}.settings`) as ImageSettings;
  const files = Object.entries(asObject(parameters['labelFiles'], `${where}.labelFiles`)) as [string, string][];
  const read = await Promise.all(
    files.map(async ([key, file]) => [key, (await readFile(file, 'utf8')).replace(/\n$/, '')] as const),
  );
  const labelled = { ...settings, labels: { ...settings.labels, ...Object.fromEntries(read) } };
  return status === undefined ? labelled : stampSettings(labelled, status);
}

/** What Bazel's workspace status says; undefined for a build that is not stamped. */
async function readStatus(files: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
  if (files.length === 0) return undefined;
  const lines = await Promise.all(files.map(async (file) => [...parseStatus(await readFile(file, 'utf8'))]));
  return new Map(lines.flat());
}

await runTool(async ({ argv }) => {
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
  const status = await readStatus(
    asArray(parameters['status'], `${path}.status`).map((file) => asString(file, `${path}.status`)),
  );
  let base: BaseImage | undefined;
  if (typeof baseConfig === 'string') {
    const config = parseConfig(await readJson(baseConfig), baseConfig);
    base = { config, layers: await readDescriptors(baseLayers) };
  }
  const built = buildImage({
    ...(base === undefined ? {} : { base }),
    layers: await readDescriptors(ownLayers),
    settings: await readSettings(parameters, path, status),
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
  const documents = describeImage({
    repository: text('repository'),
    built,
    contents,
    target: text('label'),
    builder: text('builder'),
    ...(status === undefined ? {} : { status }),
  });
  await Promise.all([
    writeFile(text('sbom'), documents.sbom),
    writeFile(text('provenance'), documents.provenance),
    writeFile(text('manifest'), built.manifest.bytes),
    writeFile(text('config'), built.config.bytes),
    writeFile(text('digest'), `${built.manifest.descriptor.digest}\n`),
    writeFile(text('index'), `${JSON.stringify(index)}\n`),
  ]);
});
