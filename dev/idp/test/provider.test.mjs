import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { hashPassword } from '../passwords.mjs';
import { Browser, token } from './browser.mjs';

const ADMIN_TOKEN = 'a token of the test bench';
const PASSWORD = 'correct horse battery staple';
const TEST = 'urn:tessera:test';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

let directory;
let running;

async function start() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../server.mjs', import.meta.url)), '--config', join(directory, 'config.json')]);
  let output = '';
  child.stderr.on('data', (chunk) => { output += chunk; });
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += line;
      if (line.startsWith('{"ready":true')) resolve(JSON.parse(line));
    });
    child.once('exit', () => reject(new Error(output)));
  });
  running = { child, log: () => output, urls: Object.fromEntries(ready.issuers.map(({ name, issuer }) => [name, issuer])) };
}

async function stop() {
  running.child.removeAllListeners('exit');
  const gone = new Promise((resolve) => { running.child.once('exit', resolve); });
  running.child.kill('SIGTERM');
  await gone;
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'idp-test-'));
  const password = await hashPassword(PASSWORD);
  const web = { client_id: 'web', grant_types: ['authorization_code', 'refresh_token'], redirect_uris: ['http://127.0.0.1/callback'] };
  const tenant = (name, alg) => ({
    name, port: 0, kind: 'tenant', signing_alg: alg, resources: ['urn:tessera:live', TEST],
    clients: [web, { client_id: 'backend', client_secret: 'a secret', grant_types: ['client_credentials'], claims: { tenant: name } }],
    users: [{ username: 'ada', sub: `${name}-ada`, password_scrypt: password, claims: { tenant: name } }],
  });
  const staff = {
    name: 'staff', port: 0, kind: 'staff', signing_alg: 'RS256', resources: ['urn:tessera:platform'],
    clients: [{ client_id: 'cli', grant_types: [DEVICE_GRANT, 'refresh_token'] }],
    users: [{ username: 'sam', sub: 'staff-sam', password_scrypt: password, claims: { staff_role: 'staff_admin' } }],
  };
  const config = { admin_token: ADMIN_TOKEN, state_directory: join(directory, 'state'), issuers: [tenant('acme', 'RS256'), tenant('globex', 'ES256'), staff] };
  await writeFile(join(directory, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  await start();
});

after(async () => {
  await stop();
  await rm(directory, { recursive: true });
});

const decode = (jwt) => jwt.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
const jwks = async (issuer) => (await (await fetch(`${issuer}/jwks`)).json()).keys;

async function verifiedClaims(issuer, jwt) {
  const [header, claims] = decode(jwt);
  const key = (await jwks(issuer)).find(({ kid }) => kid === header.kid);
  assert.ok(key, 'the signing key is published');
  const [head, body, signature] = jwt.split('.');
  const publicKey = { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  assert.ok(verify('sha256', Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url')), 'the signature holds');
  return { header, claims };
}

const signIn = (name, fields) => new Browser().signIn(running.urls[name], { username: 'ada', password: PASSWORD, resource: TEST, ...fields });

async function rotate(issuer, body, bearer = ADMIN_TOKEN) {
  const response = await fetch(`${running.urls[issuer]}/_admin/rotate`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` }, body: JSON.stringify(body) });
  return response.status;
}

for (const [name, alg] of [['acme', 'RS256'], ['globex', 'ES256']]) {
  test(`${name}: a person signs in with a code and PKCE and gets a JWT for the audience asked for`, async () => {
    const answer = await signIn(name);
    assert.equal(answer.status, 200, JSON.stringify(answer));
    const { header, claims } = await verifiedClaims(running.urls[name], answer.access_token);
    assert.equal(header.alg, alg);
    assert.equal(header.typ, 'at+jwt');
    const { iss, sub, aud, tenant, amr } = claims;
    assert.deepEqual({ iss, sub, aud, tenant, amr }, { iss: running.urls[name], sub: `${name}-ada`, aud: TEST, tenant: name, amr: ['pwd'] });
    assert.equal(decode(answer.id_token)[1].tenant, name);
  });
}

test('a wrong password, an unknown name and an empty form are refused with the same page', async () => {
  const wrong = await signIn('acme', { password: 'wrong' });
  const unknown = await signIn('acme', { username: 'nobody' });
  const empty = await signIn('acme', { username: '', password: '' });
  assert.ok(wrong.refused && unknown.refused && empty.refused);
  const pages = [wrong, unknown, empty].map(({ page }) => page.html.replaceAll(/interaction\/[\w-]+/g, ''));
  assert.equal(new Set(pages).size, 1);
});

test('a form sent by another browser finds no interaction', async () => {
  const issuer = running.urls.acme;
  const query = new URLSearchParams({ client_id: 'web', response_type: 'code', redirect_uri: 'http://127.0.0.1/callback', scope: 'openid', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' });
  const page = await new Browser().open(`${issuer}/auth?${query}`);
  const answer = await new Browser().submit(page, 'login', { username: 'ada', password: PASSWORD });
  assert.equal(answer.status, 400);
});

test('no PKCE, plain PKCE and an unlisted audience are refused', async () => {
  const base = { client_id: 'web', response_type: 'code', redirect_uri: 'http://127.0.0.1/callback', scope: 'openid' };
  const error = async (extra) => (await new Browser().open(`${running.urls.acme}/auth?${new URLSearchParams({ ...base, ...extra })}`)).callback.get('error');
  assert.equal(await error({}), 'invalid_request');
  assert.equal(await error({ code_challenge: 'a'.repeat(43), code_challenge_method: 'plain' }), 'invalid_request');
  assert.equal(await error({ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', resource: 'urn:tessera:platform' }), 'invalid_target');
});

test('a refresh token works once; using it again revokes the whole grant', async () => {
  const refresh = (refreshToken) => token(running.urls.acme, { grant_type: 'refresh_token', client_id: 'web', refresh_token: refreshToken });
  const first = await signIn('acme');
  const second = await refresh(first.refresh_token);
  assert.equal(second.status, 200, JSON.stringify(second));
  assert.notEqual(second.refresh_token, first.refresh_token);
  const { claims } = await verifiedClaims(running.urls.acme, second.access_token);
  assert.deepEqual([claims.aud, claims.tenant, claims.amr], [TEST, 'acme', ['pwd']]);
  assert.equal((await refresh(first.refresh_token)).error, 'invalid_grant');
  assert.equal((await refresh(second.refresh_token)).error, 'invalid_grant');
});

test('a machine gets a token with its own claims, and none with a wrong secret', async () => {
  const ask = (secret) => token(running.urls.globex, { grant_type: 'client_credentials', resource: 'urn:tessera:live' }, ['backend', secret]);
  const { claims } = await verifiedClaims(running.urls.globex, (await ask('a%20secret')).access_token);
  assert.deepEqual([claims.sub, claims.aud, claims.tenant, claims.amr], ['backend', 'urn:tessera:live', 'globex', undefined]);
  assert.equal((await ask('wrong')).error, 'invalid_client');
});

test('a device is connected by a person in a browser', async () => {
  const issuer = running.urls.staff;
  const started = await (await fetch(`${issuer}/device/auth`, { method: 'POST', body: new URLSearchParams({ client_id: 'cli', scope: 'openid tessera', resource: 'urn:tessera:platform' }) })).json();
  const poll = () => token(issuer, { grant_type: DEVICE_GRANT, client_id: 'cli', device_code: started.device_code });
  assert.equal((await poll()).error, 'authorization_pending');

  const browser = new Browser();
  const wrong = await browser.submit(await browser.open(started.verification_uri), 'op.deviceInputForm', { user_code: 'WRNG-CODE' });
  assert.match(wrong.html, /role="alert"/);
  const confirm = await browser.submit(wrong, 'op.deviceInputForm', { user_code: started.user_code });
  assert.ok(confirm.html.includes(started.user_code), 'the page shows the code to compare');
  const login = await browser.submit(confirm, 'op.deviceConfirmForm');
  const consent = await browser.submit(login, 'login', { username: 'sam', password: PASSWORD });
  const done = await browser.submit(consent, 'consent');
  assert.match(done.html, /Device connected/);

  const answer = await poll();
  const { claims } = await verifiedClaims(issuer, answer.access_token);
  assert.deepEqual([claims.aud, claims.staff_role, claims.amr], ['urn:tessera:platform', 'staff_admin', ['pwd']]);
  assert.ok(answer.refresh_token);
});

test('keys rotate on demand: the old one stays published, or goes', async () => {
  const issuer = running.urls.acme;
  const kids = async () => (await jwks(issuer)).map(({ kid }) => kid);
  const [oldest] = await kids();
  assert.equal(await rotate('acme', { issuer: 'acme', withdraw_old: false }), 200);
  const [newest, kept] = await kids();
  assert.equal(kept, oldest);
  const signedIn = await signIn('acme');
  assert.equal(decode(signedIn.access_token)[0].kid, newest);
  assert.equal(await rotate('acme', { issuer: 'acme', withdraw_old: true }), 200);
  const left = await kids();
  assert.equal(left.length, 1);
  assert.ok(!left.includes(newest));
  const refreshed = await token(issuer, { grant_type: 'refresh_token', client_id: 'web', refresh_token: signedIn.refresh_token });
  assert.equal(decode(refreshed.access_token)[0].kid, left[0]);
  assert.ok((await jwks(issuer)).every((key) => key.d === undefined), 'only public parts are published');
});

test('the admin door needs its token and a sensible order', async () => {
  assert.equal(await rotate('acme', { issuer: 'acme', withdraw_old: true }, 'wrong'), 401);
  assert.equal(await rotate('acme', { issuer: 'nobody', withdraw_old: true }), 400);
  assert.equal(await rotate('acme', { issuer: 'acme' }), 400);
});

test('a restart keeps the keys, which only their owner may read; logs name nobody', async () => {
  const log = running.log();
  assert.ok(!/ada|sam|correct horse/.test(log), log);
  const keyFile = await stat(join(directory, 'state', 'acme.keys.json'));
  assert.equal(keyFile.mode & 0o777, 0o600);
  const kidBefore = (await jwks(running.urls.acme))[0].kid;
  await stop();
  await start();
  assert.equal((await jwks(running.urls.acme))[0].kid, kidBefore);
});
