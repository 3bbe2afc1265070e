// A program as it was written for rules_nodejs: CommonJS, with an npm package and a file of the workspace.
const { readFileSync } = require('fs');
const { pino } = require('pino');

pino().info({ greeting: readFileSync('tools/nodejs/testing/greeting.txt', 'utf8').trim() }, process.argv[2]);
