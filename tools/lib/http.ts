/**
 * Node's http and https. `import 'node:http'` reads all that it exports, its WebSocket as well, for which node loads
 * undici: a third of the start-up of a program that never opens one.
 */
export const http = process.getBuiltinModule('node:http');
export const https = process.getBuiltinModule('node:https');
