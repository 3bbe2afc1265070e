// A program of several packages: prints one structured line and ends.
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { digestOf } from '../../lib/digest.ts';

const log = pino({ base: null });
const greeting = readFileSync(new URL('./greeting.txt', import.meta.url), 'utf8').trim();
log.info({ digest: digestOf(greeting), uid: process.getuid?.(), node: process.version }, greeting);
