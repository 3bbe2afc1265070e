import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hierarchies } from './cgroups.ts';
import { linkCommands, switchCommands } from './network.ts';
import { mountCommand } from './prepare.ts';
import { run } from './run.ts';

test('finds the hierarchies of cgroup v1, of v2, and of both together', () => {
  const mounts = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
cgroup /sys/fs/cgroup/unified cgroup2 rw 0 0
cgroup /elsewhere cgroup rw 0 0
`;
  assert.deepEqual(hierarchies(mounts), [
    { path: '/sys/fs/cgroup/cpu', version: 1 },
    { path: '/sys/fs/cgroup/unified', version: 2 },
  ]);
  assert.deepEqual(hierarchies('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0'), [{ path: '/sys/fs/cgroup', version: 2 }]);
});

test('makes mounts without a trace in the table of the host', () => {
  for (const kind of ['bind', 'move', 'tmpfs', 'proc'] as const) {
    const command = mountCommand({ kind, source: '/a', target: '/b' });
    assert.equal(command[1], '-n');
    assert.equal(command.at(-1), '/b');
  }
});

test("makes the bridge in the switch's namespace, and only a link and routes on the host", () => {
  const commands = switchCommands(
    {
      service: 'switch',
      hostLink: 'fathom-1',
      hostAddress: '10.201.0.1/24',
      routes: [{ to: '10.201.64.0/18', via: '10.201.0.11' }],
    },
    42,
  ).map((command) => command.join(' '));
  assert.deepEqual(
    commands.filter((command) => !command.startsWith('nsenter --net=/proc/42/ns/net ')),
    [
      'ip link add name fathom-1 type veth peer name host netns 42',
      'ip address add 10.201.0.1/24 dev fathom-1',
      'ip link set fathom-1 up',
      'ip route replace 10.201.64.0/18 via 10.201.0.11 dev fathom-1',
    ],
  );
});

test('gives a machine a link with a fixed address', () => {
  const [command] = linkCommands({ name: 'node-1', mac: '02:00:0a:c9:00:0b' }, 42, 43);
  assert.equal(
    command?.join(' '),
    'ip link add name node-1 netns 42 type veth peer name eth0 address 02:00:0a:c9:00:0b netns 43',
  );
});

test('says in one line why a command failed', async () => {
  await assert.rejects(run(['sh', '-c', 'echo first >&2; echo second >&2; exit 1']), {
    code: 'COMMAND_FAILED',
    message: 'Running `sh -c echo first >&2; echo second >&2; exit 1`: second',
  });
  await assert.rejects(run(['sleep', '60'], { timeoutMs: 50 }), { message: 'Running `sleep 60`: no end within 50 ms' });
});
