// A pod of the lab: listens on TCP ports, answers on a UDP port, and connects to others when it is told to.
// Commands come as lines of JSON on stdin, answers leave as lines on stdout, in any order.
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

interface Command {
  readonly id: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly host: string;
  readonly port: number;
}

const ANSWERS_WITHIN_MS = 3000;
// Each call from a port of its own: the kernel lets through what belongs to a call that it has let through before.
const FIRST_PORT = 20_000;
const ports = process.argv.slice(2).map(Number);

await Promise.all(
  ports.flatMap((port) => [
    new Promise<void>((resolve) =>
      createServer((socket) => socket.on('error', () => {}).end('ok')).listen(port, '0.0.0.0', resolve),
    ),
    new Promise<void>((resolve) => {
      const socket = createSocket('udp4');
      socket
        .on('message', (message, { address, port: from }) => socket.send(message, from, address))
        .on('error', () => {});
      socket.bind(port, '0.0.0.0', resolve);
    }),
  ]),
);
process.stdout.write('ready\n');

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  void (command.protocol === 'TCP' ? tcp(command) : udp(command)).then((isOpen) =>
    process.stdout.write(`${JSON.stringify({ id: command.id, isOpen })}\n`),
  );
}
process.exit(0);

function tcp({ id, host, port }: Command): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localPort: FIRST_PORT + id });
    const finish = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(ANSWERS_WITHIN_MS, () => finish(false));
    // Only an answer shows that both ways are open.
    socket.on('data', () => finish(true)).on('error', () => finish(false));
  });
}

function udp({ id, host, port }: Command): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (isOpen: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(isOpen);
    };
    const timer = setTimeout(() => finish(false), ANSWERS_WITHIN_MS);
    socket.on('message', () => finish(true)).on('error', () => finish(false));
    socket.bind(FIRST_PORT + id, () => socket.connect(port, host, () => socket.send('x')));
  });
}
