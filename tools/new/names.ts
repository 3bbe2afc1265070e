// What the parts of a new service are called, all of it from the path of its folder.
import { ToolError } from '../lib/errors.ts';

/** The names of a service. */
export interface ServiceNames {
  /** Its folder below services/: `shop/cart`. */
  readonly path: string;
  /** The last word of the path: the target, and the Jsonnet source. */
  readonly name: string;
  /** What its Kubernetes objects are called: `shop-cart`. */
  readonly kubernetesName: string;
  /** What its contract and its logic are called: the last word, or, of a `…/server`, the one before. */
  readonly domain: string;
  /** The folder of the contract below proto/, without `v1`: `shop/cart`. */
  readonly protoPath: string;
  /** The package of the contract: `shop.cart.v1`. */
  readonly protoPackage: string;
  /** The service in the contract: `Cart`. */
  readonly protoService: string;
}

const WORD = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
/** A Service's name is a label of DNS, of at most 63 letters; that of the headless one ends in `-headless`. */
const MAX_KUBERNETES_NAME = 54;

// What nodejs_service and service call targets and outputs of their own: a folder of that name below a service, or a
// service of that name, would meet one of them.
const TAKEN = new Set([
  'golden',
  'image',
  'lib',
  'main',
  'manifests',
  'pins',
  'promote',
  'release',
  'restore',
  'testing',
  'update_goldens',
]);
/** Sources and tests that services have beside those of their logic. */
const SOURCES = new Set(['callees', 'metrics', 'monitoring', 'server', 'store']);
/** What the contract's messages are called; the service is something else. */
const MESSAGES = new Set(['Callee', 'GreetRequest', 'GreetResponse', 'ListCalleesRequest', 'ListCalleesResponse']);

/**
 * The names of the service in services/<path>; `environments` are names of ENVS, which no service may have.
 * Throws NEW_BAD_NAME.
 */
export function serviceNames(path: string, environments: readonly string[] = []): ServiceNames {
  const words = path.split('/');
  const name = words.at(-1) ?? '';
  const isServer = name === 'server';
  const domains = isServer ? words.slice(0, -1) : words;
  const domain = domains.at(-1) ?? '';
  const kubernetesName = kubernetesNameOf(path);
  const protoService = titleCase(domain);
  const refuse = (problem: string, hint: string) =>
    new ToolError('NEW_BAD_NAME', `Naming the service '${path}': ${problem}`, { hint });

  if (!words.every((word) => WORD.test(word))) {
    throw refuse(
      'it must be words of small letters and digits, with _ between them, and / between folders',
      `Choose a name such as --name=${suggested(path)}.`,
    );
  }
  if (words[0] === 'services') {
    throw refuse('it is a path below services/', `Write --name=${suggested(path)}.`);
  }
  const taken = words.find((word) => TAKEN.has(word) || word.endsWith('_test') || environments.includes(word));
  if (taken !== undefined) {
    const why = environments.includes(taken) ? 'an environment is called' : 'the rules of a service call a target';
    throw refuse(`'${taken}' is what ${why}`, `Choose another word for '${taken}'.`);
  }
  if (domain === '' || SOURCES.has(domain) || MESSAGES.has(protoService)) {
    throw refuse(
      `'${domain === '' ? name : domain}' is what a part of every service is called`,
      'Say what it serves, as in --name=shop or --name=shop/server.',
    );
  }
  if (kubernetesName.length > MAX_KUBERNETES_NAME) {
    throw refuse(
      `its Kubernetes name ${kubernetesName} has ${kubernetesName.length} letters, ${MAX_KUBERNETES_NAME} are allowed`,
      'Choose a shorter name.',
    );
  }
  return {
    path,
    name,
    kubernetesName,
    domain,
    protoPath: domains.join('/'),
    protoPackage: `${domains.join('.')}.v1`,
    protoService,
  };
}

/** What the objects of the service in services/<path> are called. */
export function kubernetesNameOf(path: string): string {
  return path.replaceAll(/[/_]/g, '-');
}

/** `shop_cart` as `ShopCart`. */
export function titleCase(words: string): string {
  return words
    .split(/[^a-zA-Z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}

/** `routeguide-server` as `routeguideServer`. */
export function camelCase(words: string): string {
  const title = titleCase(words);
  return title.slice(0, 1).toLowerCase() + title.slice(1);
}

/** A good name that is near a bad one. */
function suggested(path: string): string {
  const words = path
    .replace(/^\/*(services\/)?/, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('/')
    .map((word) => word.replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^[_0-9]+|_+$/g, ''))
    .filter((word) => word !== '');
  return words.length === 0 ? 'shop/cart' : words.join('/');
}
