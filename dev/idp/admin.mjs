// The test bench's door: rotates signing keys on demand. Loopback only, behind the configuration's token.
import { createHash, timingSafeEqual } from 'node:crypto';

import { readBody } from './form.mjs';

const digest = (text) => createHash('sha256').update(text).digest();

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** Answers the request if it is one for `/_admin/`; says whether it did. */
export async function handleAdmin({ token, issuers }, request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (!pathname.startsWith('/_admin/')) return false;
  const given = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  if (!timingSafeEqual(digest(given), digest(token))) {
    send(response, 401, { error: 'the admin token is wrong' });
    return true;
  }
  if (pathname !== '/_admin/rotate' || request.method !== 'POST') {
    send(response, 404, { error: 'there is only POST /_admin/rotate' });
    return true;
  }
  let order;
  try {
    order = JSON.parse(await readBody(request));
  } catch {
    order = undefined;
  }
  const issuer = issuers.get(order?.issuer);
  if (!issuer || typeof order.withdraw_old !== 'boolean') {
    send(response, 400, { error: 'send {"issuer": a known name, "withdraw_old": true or false}' });
  } else {
    send(response, 200, { issuer: issuer.name, kid: await issuer.rotate(order.withdraw_old) });
  }
  return true;
}
