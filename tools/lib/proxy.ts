// The proxy of the environment, as curl, Go and kubectl take it: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case.
// Node's own reading of them knows no networks (10.0.0.0/8), and not that a name stands for all that is below it.
import { BlockList, isIP } from 'node:net';
import { ToolError } from './errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * This machine, which no proxy leads to. The first is what k3d calls it. A list of networks is only made where there is a
 * proxy: node takes five milliseconds for the first address of IPv6.
 */
const OWN = ['0.0.0.0/32', '127.0.0.0/8', '::1/128'];

/**
 * The URL of the proxy by which `url` is reached; undefined: there is none, as for this machine itself.
 * Throws PROXY_UNSUPPORTED.
 */
export function proxyFor(url: URL, env: Env): string | undefined {
  const name = url.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
  const value = read(env, name);
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (value === '' || isOwn(host) || isLeftOut(host, portOf(url), read(env, 'NO_PROXY'))) return undefined;
  const proxy = checkProxy(value);
  if (proxy !== undefined) return proxy;
  throw new ToolError('PROXY_UNSUPPORTED', `Connecting to ${url.host}: ${name} is no URL of an http or https proxy`, {
    hint: `Name one, such as http://proxy.example.com:3128, or add ${host} to NO_PROXY.`,
  });
}

/** The URL of a proxy that can be used; `http://` may be left out. */
export function checkProxy(value: string): string | undefined {
  const url = URL.parse(value.includes('://') ? value : `http://${value}`);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url.href : undefined;
}

const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);

/** Those variables of an environment that name proxies, and what they don't lead to. */
export function proxyVariables(env: Env): Readonly<Record<string, string>> {
  return Object.fromEntries(NAMES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** The environment without those. */
export function withoutProxy(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !NAMES.includes(name)));
}

/** Options of an Agent that connects by a proxy. */
export function viaProxy(proxy: string | undefined): { readonly proxyEnv?: Readonly<Record<string, string>> } {
  return proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
}

function read(env: Env, name: string): string {
  return (env[name.toLowerCase()] || env[name] || '').trim();
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'http:' ? '80' : '443') : port;
}

function isOwn(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && contains(networks(OWN), host));
}

function isLeftOut(host: string, port: string, list: string): boolean {
  const entries = list.toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    if (entry === '' || entry === '*') return entry === '*';
    const [, bare = entry, onlyPort = port] = isIP(entry) === 0 ? (/^\[?(.*?)\]?:(\d+)$/.exec(entry) ?? []) : [];
    if (onlyPort !== port) return false;
    if (bare.includes('/')) return contains(networks([bare]), host);
    const name = bare.replace(/^\*?\./, '');
    return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
  });
}

/** What is no network holds nothing. */
function networks(all: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of all) {
    const [address = '', bits = ''] = network.split('/');
    const family = isIP(address);
    if (family === 0 || !/^\d+$/.test(bits) || Number(bits) > (family === 6 ? 128 : 32)) continue;
    list.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

function contains(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
