// A cluster that a test brings up for itself, in a state folder of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runfile } from '../../lib/runfiles.ts';

/** How a program ended, and what it said. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TOOL_TIMEOUT_MS = 240_000;
const KUBECTL_TIMEOUT_MS = 120_000;

/** The cluster and what a test does to it. The test's target needs `//tools/cluster` among its data. */
export class OwnCluster {
  readonly name: string;
  /** FATHOM_STATE. */
  readonly state: string;
  /** The cluster's own folder in it. */
  readonly folder: string;

  constructor(name: string) {
    this.name = name;
    this.state = mkdtempSync(join(tmpdir(), `fathom-${name}-`));
    this.folder = join(this.state, name);
  }

  /** The environment of what works with the cluster. */
  get env(): Readonly<Record<string, string | undefined>> {
    return { ...process.env, FATHOM_STATE: this.state, KUBECONFIG: '' };
  }

  /** Runs a program with the cluster's environment. */
  run(program: string, args: readonly string[], input = '', timeoutMs = TOOL_TIMEOUT_MS): Ended {
    const options = { env: { ...this.env }, input, encoding: 'utf8', timeout: timeoutMs, maxBuffer: 64 << 20 } as const;
    const { status, stdout, stderr } = spawnSync(program, [...args], options);
    return { status, stdout, stderr };
  }

  /** Runs the cluster tool: `up`, `down`, `stop-node`, … */
  tryTool(...args: readonly string[]): Ended {
    return this.run(OwnCluster.tool, [...args, '--name', this.name]);
  }

  tool(...args: readonly string[]): Ended {
    const ended = this.tryTool(...args);
    assert.equal(ended.status, 0, ended.stderr);
    return ended;
  }

  static get tool(): string {
    return runfile('fathom/tools/cluster/cluster');
  }

  tryKubectl(args: readonly string[], input = ''): Ended {
    const program = join(this.folder, 'kit', 'bin', 'kubernetes');
    const all = ['kubectl', '--kubeconfig', join(this.folder, 'kubeconfig'), ...args];
    return this.run(program, all, input, KUBECTL_TIMEOUT_MS);
  }

  /** Runs kubectl; returns its output. */
  kubectl(args: readonly string[], input = ''): string {
    const ended = this.tryKubectl(args, input);
    assert.equal(ended.status, 0, `kubectl ${args.join(' ')}: ${ended.stderr}`);
    return ended.stdout;
  }

  /** Applies objects. */
  apply(...items: readonly object[]): void {
    this.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  /** The one process that the host sees. */
  get initPid(): number {
    return (JSON.parse(readFileSync(join(this.folder, 'init.pid.json'), 'utf8')) as { pid: number }).pid;
  }

  /** The loopback port of this machine that leads to the registry. */
  get registryPort(): number {
    const { registry } = JSON.parse(readFileSync(join(this.folder, 'cluster.json'), 'utf8')) as {
      registry: { endpoint: string };
    };
    return Number(registry.endpoint.split(':')[1]);
  }

  /** Takes it down, if it is up, and deletes its state. */
  remove(): void {
    this.tryTool('down');
    rmSync(this.state, { recursive: true, force: true });
  }
}
