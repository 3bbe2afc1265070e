// Answers /echo with what it was sent, /bytes/<n> with so many bytes, / with OK, and everything else with 404; logs it.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const path = request.url ?? '';
  if (path !== '/') console.log(`asked for ${path}`);
  const count = /^\/bytes\/(\d{1,9})$/.exec(path)?.[1];
  if (path === '/echo') request.pipe(response);
  else if (count !== undefined) response.end(Buffer.alloc(Number(count), 'x'));
  else response.writeHead(path === '/' ? 200 : 404).end('web\n');
});
server.listen(8080, () => console.log('web listens'));
process.once('SIGTERM', () => process.exit(0));
