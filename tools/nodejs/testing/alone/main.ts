// A program of one source: prints a file and ends.
import { readFileSync } from 'node:fs';

process.stdout.write(readFileSync(new URL('./words.txt', import.meta.url)));
