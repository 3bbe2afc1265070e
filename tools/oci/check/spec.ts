// What an image is tested for, as oci_image_test writes it into a file.
import { asArray, asObject, asString, invalid } from '../image/model.ts';

/** How the image's program is run, and what must come of it. */
export interface RunSpec {
  /** Instead of the image's `cmd`. Default: the image's. */
  readonly args: readonly string[] | undefined;
  /** Added to the image's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What its standard output must match. Default: anything. */
  readonly stdout: string | undefined;
  /** How it must end: by itself, or after SIGTERM where a port is given. Default: in any way after SIGTERM, else 0. */
  readonly exitCode: number | undefined;
  /** A TCP port that must take connections. Default: none; the program must end by itself. */
  readonly port: number | undefined;
  /** A path that must be answered with HTTP status 200 at the port. Default: not asked for. */
  readonly httpPath: string | undefined;
  /** What the HTTP answer's body must match. Default: anything. */
  readonly httpBody: string | undefined;
  /** Folders that the program may write to; everything else is read-only. */
  readonly writable: readonly string[];
  readonly timeoutMs: number;
}

export interface ImageTestSpec {
  /** The image's label. */
  readonly label: string;
  readonly files: readonly string[];
  readonly absentFiles: readonly string[];
  /** Path → octal mode. */
  readonly modes: Readonly<Record<string, string>>;
  /** Path → `uid:gid`. */
  readonly owners: Readonly<Record<string, string>>;
  /** Path → regular expression of its content. */
  readonly texts: Readonly<Record<string, string>>;
  /** Field of the configuration → its expected value; undefined ones are not looked at. */
  readonly entrypoint: readonly string[] | undefined;
  readonly cmd: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly workdir: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  /** Of all blobs together. Default: no limit. */
  readonly maxBytes: number | undefined;
  /** End of the label that made a layer → the most bytes that its blob may have. */
  readonly maxLayerBytes: Readonly<Record<string, number>>;
  readonly allowRoot: boolean;
  readonly allowShell: boolean;
  /** Default: the program is not run. */
  readonly run: RunSpec | undefined;
}

/** A test out of parsed JSON. Throws OCI_DOCUMENT_INVALID. */
export function parseSpec(value: unknown, where: string): ImageTestSpec {
  const object = asObject(value, where);
  const read = reader(object, where);
  return {
    label: asString(object['label'], `${where}.label`),
    files: read.list('files') ?? [],
    absentFiles: read.list('absentFiles') ?? [],
    modes: read.texts('modes'),
    owners: read.texts('owners'),
    texts: read.texts('texts'),
    entrypoint: read.list('entrypoint'),
    cmd: read.list('cmd'),
    env: read.texts('env'),
    user: read.text('user'),
    workdir: read.text('workdir'),
    labels: read.texts('labels'),
    ports: read.list('ports') ?? [],
    maxBytes: read.number('maxBytes'),
    maxLayerBytes: Object.fromEntries(
      Object.entries(read.texts('maxLayerBytes')).map(([layer, bytes]) => {
        if (!/^\d+$/.test(bytes)) throw invalid(`${where}.maxLayerBytes.${layer}`, 'is not a number of bytes');
        return [layer, Number(bytes)];
      }),
    ),
    allowRoot: object['allowRoot'] === true,
    allowShell: object['allowShell'] === true,
    run: object['run'] === undefined || object['run'] === null ? undefined : parseRun(object['run'], `${where}.run`),
  };
}

function parseRun(value: unknown, where: string): RunSpec {
  const object = asObject(value, where);
  const read = reader(object, where);
  return {
    args: read.list('args'),
    env: read.texts('env'),
    stdout: read.text('stdout'),
    exitCode: read.number('exitCode'),
    port: read.number('port'),
    httpPath: read.text('httpPath'),
    httpBody: read.text('httpBody'),
    writable: read.list('writable') ?? [],
    timeoutMs: read.number('timeoutMs') ?? 30_000,
  };
}

/** Starlark has no "undefined": null stands for a field that is not set. */
function reader(object: Readonly<Record<string, unknown>>, where: string) {
  const present = (field: string) => object[field] !== undefined && object[field] !== null;
  return {
    text: (field: string) => (present(field) ? asString(object[field], `${where}.${field}`) : undefined),
    number: (field: string) => {
      const found = object[field];
      if (!present(field)) return undefined;
      if (typeof found !== 'number') throw invalid(`${where}.${field}`, 'is not a number');
      return found;
    },
    list: (field: string) =>
      present(field)
        ? asArray(object[field], `${where}.${field}`).map((item) => {
            if (typeof item !== 'string') throw invalid(`${where}.${field}`, 'has an item that is no string');
            return item;
          })
        : undefined,
    texts: (field: string) =>
      Object.fromEntries(
        Object.entries(present(field) ? asObject(object[field], `${where}.${field}`) : {}).map(([key, item]) => {
          if (typeof item !== 'string') throw invalid(`${where}.${field}.${key}`, 'is not a string');
          return [key, item];
        }),
      ),
  };
}
