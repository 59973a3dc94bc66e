// An issuer's signing keys, kept in its state file so that a restart changes nothing.
import { generateKeyPair, randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

async function newKey(algorithm, kid) {
  const { privateKey } = algorithm === 'ES256'
    ? await generate('ec', { namedCurve: 'P-256' })
    : await generate('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
}

/** The signing key first, then older ones that are still published. */
export class SigningKeys {
  #path;
  #algorithm;
  #state;

  constructor(path, algorithm, state) {
    this.#path = path;
    this.#algorithm = algorithm;
    this.#state = state;
  }

  /** Reads the issuer's keys, or makes the first ones. */
  static async open(directory, { name, signing_alg: algorithm, key_id: keyId }) {
    const path = join(directory, `${name}.keys.json`);
    try {
      const keys = new SigningKeys(path, algorithm, JSON.parse(await readFile(path, 'utf8')));
      if (keys.published[0].alg !== algorithm) await keys.rotate(true);
      return keys;
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    const kid = keyId ?? randomBytes(8).toString('hex');
    const keys = new SigningKeys(path, algorithm, {
      cookie_keys: [randomBytes(32).toString('base64url')],
      keys: [await newKey(algorithm, kid)],
    });
    await keys.#save();
    return keys;
  }

  get published() {
    return this.#state.keys;
  }

  get cookieKeys() {
    return this.#state.cookie_keys;
  }

  /** Signs with a new key from now on; the old ones stay published unless `withdrawOld`. */
  async rotate(withdrawOld) {
    const key = await newKey(this.#algorithm, randomBytes(8).toString('hex'));
    this.#state = { ...this.#state, keys: [key, ...(withdrawOld ? [] : this.#state.keys)] };
    await this.#save();
    return key.kid;
  }

  // Written aside and renamed: a killed process leaves the old file or the new one, never half of one.
  async #save() {
    const temporary = `${this.#path}.new`;
    await writeFile(temporary, JSON.stringify(this.#state), { mode: 0o600 });
    await rename(temporary, this.#path);
  }
}
