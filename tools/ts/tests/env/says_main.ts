// Says what its environment has.
process.stdout.write(process.env['WORDS'] ?? '');
