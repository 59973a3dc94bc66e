// The development identity provider: `node server.mjs --config FILE`. Never for production.
//
// Prints one line of JSON when every issuer listens. Logs name issuers and errors, never people.
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { readConfig } from './config.mjs';
import { Issuer } from './issuer.mjs';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (!values.config) {
  console.error('usage: node server.mjs --config FILE');
  process.exit(2);
}

const issuers = new Map();
try {
  const config = await readConfig(values.config);
  await mkdir(config.state_directory, { recursive: true, mode: 0o700 });
  const admin = { token: config.admin_token, issuers };
  for (const issuerConfig of config.issuers) {
    issuers.set(issuerConfig.name, await Issuer.listen(issuerConfig, config.state_directory, admin));
  }
} catch (error) {
  console.error(`identity provider: ${error.message}`);
  process.exit(1);
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    for (const issuer of issuers.values()) issuer.close();
    process.exit(0);
  });
}

const listening = [...issuers.values()].map(({ name, url, port }) => ({ name, issuer: url, port }));
console.log(JSON.stringify({ ready: true, issuers: listening }));
