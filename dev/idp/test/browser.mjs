// A small browser: keeps cookies, follows redirects, submits the forms it is shown.
import { createHash, randomBytes } from 'node:crypto';

const CALLBACK = 'http://127.0.0.1/callback';

const unescapeHtml = (text) => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

export class Browser {
  #cookies = new Map();

  /** Opens an address, following redirects until a page or the client's callback. */
  async open(url, init = {}) {
    let target = new URL(url);
    let options = init;
    for (let hops = 0; hops < 10; hops += 1) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(target, { ...options, redirect: 'manual', headers: { ...options.headers, cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [name, value] = line.split(';')[0].split(/=(.*)/s);
        this.#cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (!location) return { status: response.status, url: target, html: await response.text() };
      target = new URL(location, target);
      if (target.href.startsWith(CALLBACK)) return { callback: target.searchParams };
      options = {};
    }
    throw new Error('too many redirects');
  }

  /** Submits the form with this id, hidden fields included. */
  async submit(page, formId, fields = {}) {
    const form = [...page.html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].find(([, attributes]) => attributes.includes(`id="${formId}"`));
    if (!form) throw new Error(`no form ${formId} in: ${page.html}`);
    const body = new URLSearchParams();
    for (const [, attributes] of form[2].matchAll(/<input\b([^>]*)>/gs)) {
      const name = /name="([^"]*)"/.exec(attributes)?.[1];
      if (name) body.set(name, unescapeHtml(/value="([^"]*)"/.exec(attributes)?.[1] ?? ''));
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    const action = new URL(unescapeHtml(/action="([^"]*)"/.exec(form[1])[1]), page.url);
    return this.open(action, { method: 'POST', body });
  }

  /** Signs in with a code and PKCE; answers what the token endpoint said. */
  async signIn(issuer, { clientId = 'web', username, password, resource }) {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: clientId, response_type: 'code', redirect_uri: CALLBACK, scope: 'openid tessera', state: 'here', resource,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
    });
    const shown = await this.open(`${issuer}/auth?${query}`);
    let page = await this.submit(shown, 'login', { username, password });
    if (page.status === 401) return { refused: true, page };
    if (page.html) page = await this.submit(page, 'consent');
    return token(issuer, { client_id: clientId, grant_type: 'authorization_code', code: page.callback.get('code'), redirect_uri: CALLBACK, code_verifier: verifier });
  }
}

/** One call of the token endpoint. */
export async function token(issuer, fields, credentials) {
  const headers = credentials && { authorization: `Basic ${Buffer.from(credentials.join(':')).toString('base64')}` };
  const response = await fetch(`${issuer}/token`, { method: 'POST', headers, body: new URLSearchParams(fields) });
  return { status: response.status, ...(await response.json()) };
}
