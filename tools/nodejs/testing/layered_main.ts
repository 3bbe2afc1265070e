// A program whose libraries and packages have layers of their own in its image.
import { pino } from 'pino';
import { digestOf } from '../../lib/digest.ts';

pino({ base: null }).info({ digest: digestOf('layered'), folder: process.cwd() }, process.argv[2]);
