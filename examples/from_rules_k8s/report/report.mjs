// Writes what it was given into the folder in which it is started, and says so.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const { PERIOD, BUILT_BY, MODE } = process.env;
const lines = readFileSync('/opt/report/templates/header.txt', 'utf8').trim();
writeFileSync('report.txt', `${lines} ${PERIOD}\n`);
console.log(JSON.stringify({ arguments: process.argv.slice(2), BUILT_BY, MODE, files: readdirSync('/opt/report') }));
