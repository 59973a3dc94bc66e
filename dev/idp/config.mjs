// The configuration file: read, checked, and refused with the name of the wrong field.
import { readFile } from 'node:fs/promises';

import { parseHash } from './passwords.mjs';

const ALGORITHMS = new Set(['RS256', 'ES256']);
const ACCESS_TOKEN_TTL_SECONDS = 600;

function need(condition, message) {
  if (!condition) throw new Error(message);
}

function checkClient(at, client) {
  need(typeof client.client_id === 'string' && client.client_id, `${at}.client_id is missing`);
  need(Array.isArray(client.grant_types) && client.grant_types.length > 0, `${at}.grant_types is empty`);
  return { redirect_uris: [], claims: {}, ...client };
}

function checkUser(at, user) {
  need(typeof user.username === 'string' && user.username, `${at}.username is missing`);
  need(typeof user.sub === 'string' && user.sub, `${at}.sub is missing`);
  try {
    return { username: user.username, sub: user.sub, password: parseHash(user.password_scrypt), claims: user.claims ?? {} };
  } catch (error) {
    throw new Error(`${at}.password_scrypt: ${error.message}`);
  }
}

function checkIssuer(at, issuer) {
  need(/^[a-z0-9-]+$/.test(issuer.name ?? ''), `${at}.name must be of a-z, 0-9 and hyphens`);
  need(Number.isInteger(issuer.port) && issuer.port >= 0 && issuer.port < 65_536, `${at}.port is not a port`);
  need(issuer.kind === 'tenant' || issuer.kind === 'staff', `${at}.kind must be tenant or staff`);
  need(ALGORITHMS.has(issuer.signing_alg), `${at}.signing_alg must be one of ${[...ALGORITHMS].join(', ')}`);
  need(Array.isArray(issuer.resources) && issuer.resources.every((resource) => URL.canParse(resource)), `${at}.resources must be absolute URIs`);
  return {
    access_token_ttl_seconds: ACCESS_TOKEN_TTL_SECONDS,
    ...issuer,
    clients: (issuer.clients ?? []).map((client, index) => checkClient(`${at}.clients[${index}]`, client)),
    users: (issuer.users ?? []).map((user, index) => checkUser(`${at}.users[${index}]`, user)),
  };
}

/** Reads and checks the configuration file at `path`. */
export async function readConfig(path) {
  const config = JSON.parse(await readFile(path, 'utf8'));
  need(typeof config.admin_token === 'string' && config.admin_token.length >= 16, 'admin_token must have 16 characters or more');
  need(typeof config.state_directory === 'string' && config.state_directory, 'state_directory is missing');
  need(Array.isArray(config.issuers) && config.issuers.length > 0, 'issuers is empty');
  const issuers = config.issuers.map((issuer, index) => checkIssuer(`issuers[${index}]`, issuer));
  need(new Set(issuers.map(({ name }) => name)).size === issuers.length, 'issuers: two have the same name');
  return { ...config, issuers };
}
