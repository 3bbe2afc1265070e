// The form of a plan, as far as other code relies on it. Pure.
import { parseSubnet } from './subnets.ts';

/** What is wrong with the content of plan.json; undefined: nothing. */
export function planProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is no object';
  const plan = value as Readonly<Record<string, unknown>>;
  for (const field of ['name', 'id']) {
    if (typeof plan[field] !== 'string' || plan[field] === '') return `${field} is no text`;
  }
  for (const field of ['linkSubnet', 'serviceSubnet', 'podSubnet']) {
    const text = plan[field];
    if (typeof text !== 'string' || parseSubnet(text) === undefined) return `${field} is no subnet`;
  }
  const port = plan['registryPort'];
  if (!Number.isInteger(port) || Number(port) < 1 || Number(port) > 65_535) return 'registryPort is no port';
  const { nodes } = plan;
  if (!Array.isArray(nodes) || nodes.length === 0 || !nodes.every(isNode)) return 'nodes is no list of nodes';
  const { mirrors = [] } = plan;
  if (!Array.isArray(mirrors) || !mirrors.every(isMirror)) return 'mirrors is no list of mirrors';
  return undefined;
}

function isMirror(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { host, upstream } = value as Readonly<Record<string, unknown>>;
  return typeof host === 'string' && typeof upstream === 'string' && URL.canParse(upstream);
}

function isNode(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, number } = value as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && /^[a-z0-9-]+$/.test(name) && Number.isInteger(number) && Number(number) > 0;
}
