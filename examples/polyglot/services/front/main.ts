// The process of the front: PORT, and GREETERS as host:port with commas between them.
import { startFront } from './front.ts';

const { PORT = '50051', GREETERS = '' } = process.env;
const greeters = GREETERS.split(',').filter((address) => address !== '');
const front = await startFront({ port: Number(PORT), greeters });
console.log(JSON.stringify({ level: 'info', msg: 'listening', port: front.port, greeters }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void front.stop());
