throw new Error('a decoy: the errors.ts of the main workspace was read');
