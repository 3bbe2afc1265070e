// Who we are at a registry, as `docker login` left it: config.json and the credential helpers that it names.
// Form: https://docs.docker.com/reference/cli/docker/login/#credential-stores
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { askCredentialHelper } from './credential_helper.ts';

/** A name and a password, or a refresh token that is exchanged for access tokens. */
export type Credentials = { readonly username: string; readonly password: string } | { readonly identityToken: string };

/** Looks up credentials for a repository; undefined: nobody logged in. */
export type CredentialSource = (repository: string) => Promise<Credentials | undefined>;

type Env = Readonly<Record<string, string | undefined>>;

/** config.json's fields that say who we are; server names are normalised. */
interface DockerConfig {
  readonly auths: ReadonlyMap<string, Credentials>;
  readonly helpers: ReadonlyMap<string, string>;
  readonly store: string | undefined;
}

/** The name by which config.json knows Docker's own registry, and what else that is called. */
const HUB = 'index.docker.io';
const HUB_NAMES: ReadonlySet<string> = new Set([HUB, 'docker.io', 'registry-1.docker.io']);

/**
 * Credentials for `registry` (`host[:port]`) by Docker's configuration: DOCKER_CONFIG, else ~/.docker. Entries may name
 * a path below a registry; the longest that fits a repository wins. The file is read at the first question.
 * The source throws OCI_DOCKER_CONFIG_INVALID and OCI_CREDENTIAL_HELPER_FAILED; neither quotes what it read.
 */
export function dockerCredentials(registry: string, env: Env, signal: AbortSignal): CredentialSource {
  const host = HUB_NAMES.has(registry) ? HUB : registry;
  const known = new Map<string, Promise<Credentials | undefined>>();
  let config: Promise<DockerConfig> | undefined;
  const find = async (repository: string): Promise<Credentials | undefined> => {
    config ??= readConfig(join(env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker'), 'config.json'));
    const { auths, helpers, store } = await config;
    for (const name of namesOf(host, repository)) {
      const helper = helpers.get(name) ?? (name === host ? store : undefined);
      const stored =
        helper === undefined ? undefined : await askCredentialHelper(helper, serverOf(name), { env, signal });
      const found = stored ?? auths.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return (repository) => {
    const answer = known.get(repository) ?? find(repository);
    known.set(repository, answer);
    return answer;
  };
}

/** `host/a/b`, `host/a`, `host`. */
function namesOf(host: string, repository: string): string[] {
  const parts = repository === '' ? [] : repository.split('/');
  return Array.from({ length: parts.length + 1 }, (_, less) =>
    [host, ...parts.slice(0, parts.length - less)].join('/'),
  );
}

/** The name that a helper knows a server by. */
function serverOf(name: string): string {
  return name === HUB ? `https://${HUB}/v1/` : name;
}

/** `https://host:5000/v2/` → `host:5000`. */
function normalise(server: string): string {
  const name = server
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replace(/\/v[12]$/, '');
  return HUB_NAMES.has(name) ? HUB : name;
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { auths: new Map(), helpers: new Map(), store: undefined };
    throw invalid(path, `it can't be read (${code ?? 'no reason given'})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON.parse's own words quote the text, and with it what is secret.
    throw invalid(path, 'it is not JSON');
  }
  const config = objectOf(value);
  if (config === undefined) throw invalid(path, 'it is not an object');
  const auths = new Map<string, Credentials>();
  for (const [server, entry] of Object.entries(objectOf(config['auths']) ?? {})) {
    const credentials = parseEntry(objectOf(entry) ?? {}, () =>
      invalid(path, `auths.${server} has not the right form`),
    );
    if (credentials !== undefined) auths.set(normalise(server), credentials);
  }
  const helpers = Object.entries(objectOf(config['credHelpers']) ?? {}).map(
    ([server, helper]) => [normalise(server), String(helper)] as const,
  );
  return { auths, helpers: new Map(helpers), store: textOf(config['credsStore']) };
}

/** An entry of `auths`; undefined for the empty ones that a credential store leaves behind. */
function parseEntry(entry: Readonly<Record<string, unknown>>, bad: () => ToolError): Credentials | undefined {
  const identityToken = textOf(entry['identitytoken']);
  if (identityToken !== undefined) return { identityToken };
  const auth = textOf(entry['auth']);
  if (auth === undefined) {
    const [username, password] = [textOf(entry['username']), textOf(entry['password'])];
    return username === undefined || password === undefined ? undefined : { username, password };
  }
  const decoded = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  if (colon < 1) throw bad();
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function invalid(path: string, problem: string): ToolError {
  return new ToolError('OCI_DOCKER_CONFIG_INVALID', `Reading Docker's configuration ${path}: ${problem}`, {
    hint: 'Mend the file, or log in again with `docker login`; DOCKER_CONFIG names another folder.',
  });
}
