// From descriptors to an image's documents: pure, so that an image costs nothing however large its layers are.
import { ToolError } from '../../lib/errors.ts';
import { digestOf } from '../../lib/digest.ts';
import { MEDIA_TYPE } from './media_types.ts';
import {
  type ContainerConfig,
  type Descriptor,
  type HistoryEntry,
  type ImageConfig,
  type ImageManifest,
  type LayerDescriptor,
  documentBytes,
} from './model.ts';

/** The time of everything in an image: the same in every build. */
const EPOCH = '1970-01-01T00:00:00Z';

/** What an image's rule asks for; an absent field is the base's. */
export interface ImageSettings {
  /** `linux`, `amd64`: of an image without a base. Default: the base's. */
  readonly os?: string;
  readonly osVersion?: string;
  readonly architecture?: string;
  /** `v8`: of the processor. */
  readonly variant?: string;
  /** When the image was made: seconds since 1970, or a time by RFC 3339. Default: 1970, the same in every build. */
  readonly created?: string;
  /** `uid`, `uid:gid` or a name that the image's /etc/passwd has. Default: the base's, else 65532:65532. */
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  /** Put before the entrypoint, the base's included. Default: nothing. */
  readonly entrypointPrefix?: readonly string[];
  readonly cmd?: readonly string[];
  /** Added to the base's; `$NAME` and `${NAME}` stand for the base's variables, where it has them. */
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** `8080`, `8080/tcp`, `53/udp`. */
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly workdir?: string;
  readonly stopSignal?: string;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The image below. */
export interface BaseImage {
  readonly config: ImageConfig;
  readonly layers: readonly LayerDescriptor[];
}

export interface BuildImageOptions {
  readonly base?: BaseImage;
  /** The layers on top of the base's, lowest first. */
  readonly layers: readonly LayerDescriptor[];
  readonly settings: ImageSettings;
}

/** A document with its bytes. */
export interface Document<T> {
  readonly value: T;
  readonly bytes: Buffer;
  readonly descriptor: Descriptor;
}

export interface BuiltImage {
  readonly config: Document<ImageConfig>;
  readonly manifest: Document<ImageManifest>;
  /** All layers, the base's first. */
  readonly layers: readonly LayerDescriptor[];
}

/** Builds configuration and manifest. Throws OCI_SETTING_INVALID. */
export function buildImage({ base, layers, settings }: BuildImageOptions): BuiltImage {
  const all = [...(base?.layers ?? []), ...layers];
  const history: HistoryEntry[] = all.map((layer) => ({ created: EPOCH, created_by: layer.createdBy }));
  const config = toDocument<ImageConfig>(MEDIA_TYPE.config, {
    created: settings.created === undefined ? EPOCH : timeOf(settings.created),
    architecture: settings.architecture ?? base?.config.architecture ?? 'amd64',
    os: settings.os ?? base?.config.os ?? 'linux',
    ...optional('os.version', settings.osVersion ?? base?.config['os.version']),
    ...optional('variant', settings.variant ?? base?.config.variant),
    config: containerConfig(base?.config.config ?? {}, settings),
    rootfs: { type: 'layers', diff_ids: all.map((layer) => layer.diffId) },
    history,
  });
  const manifest = toDocument<ImageManifest>(MEDIA_TYPE.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: config.descriptor,
    layers: all.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    ...optional('annotations', sorted(settings.annotations ?? {})),
  });
  return { config, manifest, layers: all };
}

function toDocument<T extends ImageConfig | ImageManifest>(mediaType: string, value: T): Document<T> {
  const bytes = documentBytes(value);
  return { value, bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } };
}

/**
 * The configuration of a base with settings over it. Fields that this toolkit does not write (Healthcheck, Shell) stay as
 * they are, but for OnBuild: those are commands of Dockerfiles for whatever is built on the base, and as they are not
 * run here, what is built on this image is not to run them either; nor do Docker's builders hand them on
 * (https://docs.docker.com/reference/dockerfile/#onbuild), and OCI's specification does not know them.
 */
function containerConfig(found: ContainerConfig, settings: ImageSettings): ContainerConfig {
  // Docker writes null for what is not set.
  const base: ContainerConfig = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null));
  const others = Object.entries(base).filter(([field]) => !WRITTEN.has(field) && field !== 'OnBuild');
  const ports = [...Object.keys(base.ExposedPorts ?? {}), ...(settings.ports ?? []).map(portKey)];
  const volumes = [...Object.keys(base.Volumes ?? {}), ...(settings.volumes ?? [])];
  const env = new Map((base.Env ?? []).map((line) => splitEnv(line)));
  const inherited = new Map(env);
  for (const [name, value] of Object.entries(settings.env ?? {})) {
    env.set(checkEnvName(name), withVariables(value, inherited));
  }
  const program = settings.entrypoint ?? base.Entrypoint ?? [];
  const cmd = settings.cmd ?? (settings.entrypoint === undefined ? base.Cmd : undefined);
  return {
    User: settings.user ?? base.User ?? '65532:65532',
    ...optional('ExposedPorts', keySet(ports)),
    Env: [...env].map(([name, value]) => `${name}=${value}`),
    ...optional('Entrypoint', [...(settings.entrypointPrefix ?? []), ...program]),
    ...optional('Cmd', cmd),
    ...optional('Volumes', keySet(volumes)),
    WorkingDir: checkWorkdir(settings.workdir ?? (base.WorkingDir || '/')),
    ...optional('Labels', sorted({ ...base.Labels, ...settings.labels })),
    ...optional('StopSignal', settings.stopSignal ?? base.StopSignal),
    ...Object.fromEntries(others),
  };
}

/** The fields of a configuration that {@link containerConfig} writes. */
const WRITTEN: ReadonlySet<string> = new Set<keyof ContainerConfig>([
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
]);

/** `{[key]: value}`, or nothing where the value is absent or empty. */
function optional<K extends string, V extends object | string>(
  key: K,
  value: V | null | undefined,
): { readonly [P in K]?: V } {
  if (value === undefined || value === null || Object.keys(value).length === 0) return {};
  return { [key]: value } as { readonly [P in K]?: V };
}

function sorted(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function keySet(keys: readonly string[]): Record<string, Record<string, never>> {
  return Object.fromEntries([...new Set(keys)].sort().map((key) => [key, {}]));
}

function splitEnv(line: string): [string, string] {
  const equals = line.indexOf('=');
  return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
}

function withVariables(value: string, variables: ReadonlyMap<string, string>): string {
  return value.replaceAll(/\$(?:(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) => {
    return variables.get(plain ?? braced ?? '') ?? whole;
  });
}

function timeOf(text: string): string {
  const time = /^\d+(\.\d+)?$/.test(text) ? new Date(Number(text) * 1000) : new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw badSetting('creation_time', text, 'seconds since 1970, or a time such as 2026-01-31T12:00:00Z');
  }
  return time.toISOString().replace('.000Z', 'Z');
}

function checkEnvName(name: string): string {
  if (name === '' || name.includes('=')) throw badSetting('env', name, 'a name without "="');
  return name;
}

function portKey(port: string): string {
  const match = /^(\d{1,5})(\/(tcp|udp|sctp))?$/.exec(port);
  if (match === null || Number(match[1]) > 65_535) throw badSetting('ports', port, 'a port such as 8080 or 53/udp');
  return match[2] === undefined ? `${port}/tcp` : port;
}

function checkWorkdir(path: string): string {
  if (!path.startsWith('/')) throw badSetting('workdir', path, 'an absolute path');
  return path;
}

function badSetting(attribute: string, found: string, expected: string): ToolError {
  return new ToolError('OCI_SETTING_INVALID', `Building image: '${attribute}' has ${JSON.stringify(found)}`, {
    hint: `Make it ${expected}.`,
  });
}
