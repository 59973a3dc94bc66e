// Reads a JSON array of passwords on standard input and prints the array of their hashes.
import { hashPassword } from './passwords.mjs';

let text = '';
for await (const chunk of process.stdin) text += chunk;
process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(text).map(hashPassword))));
