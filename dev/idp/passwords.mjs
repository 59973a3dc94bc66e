// Password hashes of the configuration file: `scrypt$N$r$p$salt$hash`, both parts in base64url.
import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const scrypt = promisify(scryptCallback);
const COST = { N: 16_384, r: 8, p: 1 };
const HASH_BYTES = 32;

/** Hashes a password with a salt of its own. */
export async function hashPassword(password) {
  const salt = randomBytes(16);
  const hash = await scrypt(password, salt, HASH_BYTES, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Splits a stored hash into its parts, or throws when it is not one. */
export function parseHash(text) {
  const [scheme, N, r, p, salt, hash] = String(text).split('$');
  if (scheme !== 'scrypt' || !salt || !hash) throw new Error('a password hash must look like scrypt$N$r$p$salt$hash');
  return {
    cost: { N: Number(N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
}

// An unknown user name costs as much time as a wrong password, so the answer's delay names nobody.
const decoy = parseHash(await hashPassword(randomBytes(16).toString('hex')));

/** Whether `password` is the one behind `stored`; without `stored` always false, after the same work. */
export async function passwordMatches(password, stored) {
  const { cost, salt, hash } = stored ?? decoy;
  const candidate = await scrypt(password, salt, hash.length, cost);
  return timingSafeEqual(candidate, hash) && stored !== undefined;
}
