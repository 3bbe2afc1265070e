// A program that ends, in each of the ways that gather_test.ts asks for, while it holds lines back.
import { gathererOf } from './gather.ts';

const gathered = gathererOf(process.stdout);
process.stdout.write('first\n');
gathered.hold();
process.stdout.write('second\n');
if (process.argv[2] === 'exit') process.exit(3);
if (process.argv[2] === 'throw') throw new Error('oops');
