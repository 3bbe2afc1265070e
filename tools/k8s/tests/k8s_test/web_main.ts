// Answers / with OK and everything else with 404, and logs that; /crash ends it.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const path = request.url ?? '';
  if (path !== '/') console.log(`asked for ${path}`);
  if (path === '/crash') process.exit(1);
  response.writeHead(path === '/' ? 200 : 404).end('web\n');
});
server.listen(8080, () => console.log('web listens'));
process.once('SIGTERM', () => process.exit(0));
