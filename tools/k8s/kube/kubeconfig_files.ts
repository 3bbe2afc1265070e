// Kubeconfig files as they are read and made one, by the rules of client-go: of each name the first counts, whichever file
// has it, and a path is relative to the file that it is in.
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import { asList, asRecord, at, textAt } from '../model/object.ts';
import { UnreadableYaml, readYaml } from './read_yaml.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A context, a cluster or a user. */
export interface Entry {
  readonly name: string;
  /** The file that has it. */
  readonly file: string;
  /** Its fields; paths are absolute. */
  readonly fields: Fields;
}

/** What some files have together. */
export interface Kubeconfig {
  /** The files that there are, in their order. */
  readonly files: readonly string[];
  readonly contexts: readonly Entry[];
  readonly clusters: readonly Entry[];
  readonly users: readonly Entry[];
}

const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Reads files that there may be. Throws K8S_KUBECONFIG_INVALID. */
export async function readKubeconfigs(paths: readonly string[]): Promise<Kubeconfig> {
  const read = await Promise.all(paths.map(async (file) => ({ file, config: await readKubeconfig(file) })));
  const found = read.flatMap(({ file, config }) => (config === undefined ? [] : [{ file, config }]));
  const entries = (list: string, field: string): Entry[] =>
    found.flatMap(({ file, config }) =>
      asList(config[list]).map((entry) => ({
        name: textAt(entry, 'name') ?? '',
        file,
        fields: withAbsolutePaths(asRecord(at(entry, field)) ?? {}, dirname(file)),
      })),
    );
  return {
    files: found.map(({ file }) => file),
    contexts: entries('contexts', 'context'),
    clusters: entries('clusters', 'cluster'),
    users: entries('users', 'user'),
  };
}

/** The fields of a cluster or user, with their paths leading from everywhere where they led from their folder. */
export function withAbsolutePaths(fields: Fields, folder: string): Fields {
  const absolute = (value: Fields, names: readonly string[]): Fields => {
    const paths = names.flatMap((name) => {
      const path = value[name];
      return typeof path === 'string' && path !== '' && !isAbsolute(path) ? [[name, join(folder, path)]] : [];
    });
    return { ...value, ...(Object.fromEntries(paths) as Fields) };
  };
  const exec = asRecord(fields['exec']);
  // A plugin that is named by a path is meant relative to the kubeconfig, one by a name is found on PATH.
  const isPath = (textAt(exec, 'command') ?? '').includes('/');
  return {
    ...absolute(fields, PATHS),
    ...(exec === undefined || !isPath ? {} : { exec: absolute(exec, ['command']) }),
  };
}

/** A kubeconfig that cannot be used. */
export function invalid(file: string, problem: string, cause?: unknown): ToolError {
  return new ToolError('K8S_KUBECONFIG_INVALID', `Reading kubeconfig ${file}: ${problem}`, {
    cause,
    hint: 'Correct the file, or name another with --kubeconfig.',
  });
}

async function readKubeconfig(file: string): Promise<Fields | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw invalid(file, errorText(error), error);
  }
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = readYaml(text);
  } catch (error) {
    if (error instanceof UnreadableYaml) throw invalid(file, error.message);
    throw error;
  }
  const config = asRecord(value);
  if (config === undefined) throw invalid(file, 'it is no kubeconfig');
  return config;
}
