// The commands that bring a k3d cluster up and take it down, in order. Pure.
import { registryHosting } from '../addons/objects.ts';
import { containers, gateway, LOOPBACK, server, type K3dContainer, type K3dSettings } from './settings.ts';
import type { Command, Step } from './step.ts';

/** Where the files of a cluster are. */
export interface K3dFiles {
  readonly config: string;
  /** k3d's own kubeconfig. */
  readonly kubeconfig: string;
  /** The registry's image as a file, the file's digest, and its name in pods. */
  readonly image: { readonly tar: string; readonly digest: string; readonly reference: string };
}

// k3s brings DNS up after the API, from an image that it pulls: names take a minute and a half where the network is slow.
const DNS_TIMEOUT_MS = 180_000;
// It pulls k3s itself.
const CREATE_TIMEOUT_MS = 600_000;
const START_TIMEOUT_MS = 300_000;
const SHORT_MS = 60_000;
const IMAGE_LABEL = 'fathom.internal/image';
const HINT_DOWN = 'Run `./fathom down --provider=k3d` and `./fathom up --provider=k3d`.';

/** All steps of `up`. */
export function upSteps(settings: K3dSettings, files: K3dFiles): readonly Step[] {
  return [
    checkPrograms(),
    createNetwork(settings),
    removeTools(settings),
    createCluster(settings, files),
    ...containers(settings).flatMap((container) => fixAddress(settings, container)),
    startCluster(settings),
    checkLoopback(settings),
    awaitNodes(settings),
    awaitDns(settings),
    ...importImage(settings, files),
    announceRegistry(settings),
    {
      what: 'Fetching the kubeconfig',
      check: [],
      act: [{ argv: ['k3d', 'kubeconfig', 'get', settings.name], to: files.kubeconfig }],
      timeoutMs: SHORT_MS,
      hint: HINT_DOWN,
    },
  ];
}

/** All steps of `down`. */
export function downSteps({ name, network }: K3dSettings): readonly Step[] {
  return [
    checkPrograms(),
    {
      what: `Deleting cluster ${name}`,
      check: [{ command: idsOf(`label=k3d.cluster=${name}`), accepts: [''] }],
      act: [{ argv: ['k3d', 'cluster', 'delete', name] }],
      timeoutMs: START_TIMEOUT_MS,
      hint: `Look at \`docker ps --all --filter=label=k3d.cluster=${name}\`.`,
    },
    {
      what: `Removing network ${network}`,
      check: [
        { command: { argv: ['docker', 'network', 'ls', '--quiet', `--filter=name=^${network}$`] }, accepts: [''] },
      ],
      act: [{ argv: ['docker', 'network', 'rm', network] }],
      timeoutMs: SHORT_MS,
      hint: `Another container may be in it: \`docker network inspect ${network}\` says which.`,
    },
  ];
}

function checkPrograms(): Step {
  return {
    what: 'Checking that docker and k3d work',
    check: [
      { command: { argv: ['docker', 'info', '--format={{.ServerVersion}}'] } },
      { command: { argv: ['k3d', 'version'] } },
    ],
    act: [],
    timeoutMs: 5_000,
    hint: 'Start Docker, and install k3d 5.7 or newer (https://k3d.io), or choose another provider: --provider=embedded.',
  };
}

function createNetwork(settings: K3dSettings): Step {
  const { network, subnet } = settings;
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}';
  return {
    what: `Creating network ${network}`,
    check: [
      {
        command: { argv: ['docker', 'network', 'inspect', `--format=${format}`, network] },
        accepts: [`${subnet} ${gateway(settings)}`],
        refusal: `Another range: remove it with \`docker network rm ${network}\`, if nothing of yours is in it.`,
      },
    ],
    act: [
      {
        argv: [
          ...(['docker', 'network', 'create', '--driver=bridge'] as const),
          `--subnet=${subnet}`,
          `--gateway=${gateway(settings)}`,
          network,
        ],
      },
    ],
    timeoutMs: SHORT_MS,
    hint: `Where the range ${subnet} overlaps with another network, \`docker network ls\` says which: remove that.`,
  };
}

/** What an import that failed leaves behind keeps the cluster from starting the next time. */
function removeTools({ name }: K3dSettings): Step {
  const tools = `k3d-${name}-tools`;
  return {
    what: `Removing what is left of ${tools}`,
    check: [{ command: idsOf(`name=^/?${tools}$`), accepts: [''] }],
    act: [{ argv: ['docker', 'rm', '--force', tools] }],
    timeoutMs: SHORT_MS,
    hint: `Remove it by hand: \`docker rm --force ${tools}\`.`,
  };
}

function createCluster({ name, apiPort, registryPort }: K3dSettings, { config }: K3dFiles): Step {
  return {
    what: `Creating cluster ${name}`,
    check: [{ command: { argv: ['k3d', 'cluster', 'list', name, '--no-headers'] } }],
    act: [{ argv: ['k3d', 'cluster', 'create', `--config=${config}`] }],
    timeoutMs: CREATE_TIMEOUT_MS,
    hint: `Ports ${apiPort} and ${registryPort} of ${LOOPBACK} must be free (\`ss -ltnp\`), and the images be had. Then: ${HINT_DOWN}`,
  };
}

/**
 * Docker gives addresses by the order of starts, which is another one after a restart of the machine, and k3d fixes those
 * of servers only in networks that it makes itself. A container that stands still can be given one for good.
 */
function fixAddress({ name, network }: K3dSettings, container: K3dContainer): readonly Step[] {
  const format = `{{with index .NetworkSettings.Networks "${network}"}}in {{with .IPAMConfig}}{{.IPv4Address}}{{end}}{{end}}`;
  const command: Command = { argv: ['docker', 'inspect', `--format=${format}`, container.name] };
  const fixed = `in ${container.address}`;
  const common = { timeoutMs: START_TIMEOUT_MS, hint: HINT_DOWN };
  return [
    {
      ...common,
      what: `Taking ${container.name} off the address that it got by chance`,
      check: [{ command, accepts: ['', fixed] }],
      act: [
        { argv: ['k3d', 'cluster', 'stop', name] },
        { argv: ['docker', 'network', 'disconnect', network, container.name] },
      ],
    },
    {
      ...common,
      what: `Giving ${container.name} the address ${container.address} for good`,
      check: [{ command, accepts: [fixed] }],
      act: [{ argv: ['docker', 'network', 'connect', `--ip=${container.address}`, network, container.name] }],
    },
  ];
}

function startCluster(settings: K3dSettings): Step {
  const { name, network } = settings;
  const format = `{{.State.Running}} {{with index .NetworkSettings.Networks "${network}"}}{{.IPAddress}}{{end}}`;
  return {
    what: `Starting cluster ${name}`,
    check: containers(settings).map((container) => ({
      command: { argv: ['docker', 'inspect', `--format=${format}`, container.name] },
      accepts: [`true ${container.address}`],
    })),
    act: [{ argv: ['k3d', 'cluster', 'start', name, `--timeout=${START_TIMEOUT_MS / 1000}s`] }],
    timeoutMs: START_TIMEOUT_MS,
    hint: `\`docker logs ${server(settings).name}\` says why a node does not start.`,
  };
}

function checkLoopback(settings: K3dSettings): Step {
  const format = '{{range .HostConfig.PortBindings}}{{range .}}{{.HostIp}} {{end}}{{end}}';
  return {
    what: `Checking that what listens on this machine listens on ${LOOPBACK} alone`,
    check: containers(settings).map(({ name, isNode }) => ({
      command: { argv: ['docker', 'inspect', `--format=${format}`, name] },
      accepts: isNode ? [''] : [`${LOOPBACK} ${LOOPBACK}`],
      refusal: `The cluster was made with other ports. ${HINT_DOWN}`,
    })),
    act: [],
    timeoutMs: SHORT_MS,
    hint: HINT_DOWN,
  };
}

/** `cluster create` and `cluster start` end while a node may still start anew: Ready must last. */
function awaitNodes(settings: K3dSettings): Step {
  const nodes = containers(settings).filter(({ isNode }) => isNode);
  const names = nodes.map(({ name }) => `node/${name}`);
  return {
    what: 'Waiting for the nodes to be Ready',
    check: [{ command: kubectl(settings, 'wait', '--for=condition=Ready', '--timeout=5s', ...names) }],
    act: [],
    timeoutMs: START_TIMEOUT_MS,
    holdMs: 5_000,
    hint: `\`docker logs ${server(settings).name}\` says what the node does.`,
  };
}

function awaitDns(settings: K3dSettings): Step {
  const rollout = ['rollout', 'status', 'deployment/coredns', '--namespace=kube-system', '--timeout=5s'];
  return {
    what: 'Waiting for coredns to be Available',
    check: [{ command: kubectl(settings, ...rollout) }],
    act: [],
    timeoutMs: DNS_TIMEOUT_MS,
    hint: `\`docker exec ${server(settings).name} kubectl get pods --namespace=kube-system\` says what it waits for: often an image.`,
  };
}

/**
 * The registry can't be pulled from itself. Its reference stays the same when it changes, so nodes note what they have.
 * k3d says that it imported what a node did not take, so the note, which needs the image, decides.
 */
function importImage(settings: K3dSettings, { image: { tar, digest, reference } }: K3dFiles): readonly Step[] {
  const nodes = containers(settings).filter(({ isNode }) => isNode);
  const ctr = (node: K3dContainer, ...args: readonly string[]): Command => ({
    argv: ['docker', 'exec', node.name, 'ctr', 'images', ...args],
  });
  const wanted = `name==${reference},labels."${IMAGE_LABEL}"==${digest}`;
  return [
    removeTools(settings),
    {
      what: `Importing ${reference}`,
      check: nodes.map((node) => ({ command: ctr(node, 'list', '--quiet', wanted), accepts: [reference] })),
      act: [
        importCommand(settings.name, tar),
        ...nodes.map((node) => ctr(node, 'label', reference, `${IMAGE_LABEL}=${digest}`)),
      ],
      timeoutMs: START_TIMEOUT_MS,
      hint: 'Run `./fathom up --provider=k3d` again.',
    },
  ];
}

/** The steps that give an archive's images to all nodes. */
export function loadSteps(settings: K3dSettings, tar: string): readonly Step[] {
  return [removeTools(settings), importStep(settings, tar), removeTools(settings)];
}

function importStep({ name }: K3dSettings, tar: string): Step {
  return {
    what: `Importing ${tar}`,
    check: [],
    act: [importCommand(name, tar)],
    timeoutMs: START_TIMEOUT_MS,
    hint: 'Run `k3d node list`: all nodes must run.',
  };
}

const importCommand = (cluster: string, tar: string): Command => ({
  argv: ['k3d', 'image', 'import', `--cluster=${cluster}`, tar],
});

function announceRegistry(settings: K3dSettings): Step {
  const object = registryHosting({
    reference: settings.registry,
    endpoint: `${LOOPBACK}:${settings.registryPort}`,
  });
  const path = '{.data.localRegistryHosting\\.v1}';
  const get = ['get', 'configmap/local-registry-hosting', '--namespace=kube-public', `--output=jsonpath=${path}`];
  const { argv } = kubectl(settings, 'apply', '--server-side', '--field-manager=fathom-cluster', '--filename=-');
  const [docker, exec, ...rest] = argv;
  return {
    what: 'Announcing the registry',
    check: [{ command: kubectl(settings, ...get), accepts: [object.data['localRegistryHosting.v1'].trim()] }],
    act: [{ argv: [docker, exec ?? 'exec', '--interactive', ...rest], stdin: `${JSON.stringify(object, null, 2)}\n` }],
    timeoutMs: SHORT_MS,
    hint: 'Run `./fathom up --provider=k3d` again.',
  };
}

/** kubectl of the first server: no other one is needed. */
function kubectl(settings: K3dSettings, ...args: readonly string[]): Command {
  return { argv: ['docker', 'exec', server(settings).name, 'kubectl', ...args] };
}

function idsOf(filter: string): Command {
  return { argv: ['docker', 'ps', '--all', '--quiet', `--filter=${filter}`] };
}
