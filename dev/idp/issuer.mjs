// One OpenID provider on its own loopback port.
import { createServer } from 'node:http';

import Provider, { errors } from 'oidc-provider';

import { handleAdmin } from './admin.mjs';
import { handleInteraction } from './interactions.mjs';
import { SigningKeys } from './keys.mjs';
import { deviceCodePage, deviceConfirmPage, deviceDonePage, errorPage } from './pages.mjs';
import { createStore } from './store.mjs';

const HOST = '127.0.0.1';
const RESOURCE_SCOPE = 'tessera';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const DAY_SECONDS = 86_400;
// oidc-provider fills these in by itself.
const OWN_CLAIMS = new Set(['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss']);

function clientMetadata({ claims, ...client }, signingAlgorithm) {
  const signsIn = client.grant_types.includes('authorization_code');
  return {
    response_types: signsIn ? ['code'] : [],
    application_type: signsIn && !client.client_secret ? 'native' : 'web',
    token_endpoint_auth_method: client.client_secret ? 'client_secret_basic' : 'none',
    id_token_signed_response_alg: signingAlgorithm,
    ...client,
  };
}

/** One issuer: its users, its keys, its listener. */
export class Issuer {
  #config;
  #keys;
  #server;
  #store = createStore();
  #handle;

  constructor(config, keys) {
    this.#config = config;
    this.#keys = keys;
    this.usersByName = new Map(config.users.map((user) => [user.username, user]));
    this.usersBySubject = new Map(config.users.map((user) => [user.sub, user]));
  }

  /** Listens on the configured port; `admin` answers the requests for `/_admin/`. */
  static async listen(config, stateDirectory, admin) {
    const issuer = new Issuer(config, await SigningKeys.open(stateDirectory, config));
    issuer.#server = createServer((request, response) => issuer.#answer(request, response, admin));
    await new Promise((resolve, reject) => {
      issuer.#server.once('error', reject).listen(config.port, HOST, resolve);
    });
    issuer.#build();
    return issuer;
  }

  get name() {
    return this.#config.name;
  }

  get port() {
    return this.#server.address().port;
  }

  get url() {
    return `http://${HOST}:${this.port}`;
  }

  /** Signs with a new key. Sessions, grants and refresh tokens live on: they are in the store, not in the provider. */
  async rotate(withdrawOld) {
    const kid = await this.#keys.rotate(withdrawOld);
    this.#build();
    return kid;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #build() {
    this.provider = new Provider(this.url, this.#configuration());
    this.provider.on('server_error', (_ctx, error) => console.error(`${this.name}: ${error.name}: ${error.message}`));
    this.#handle = this.provider.callback();
  }

  async #answer(request, response, admin) {
    try {
      if (await handleAdmin(admin, request, response)) return;
      if (await handleInteraction(this, request, response)) return;
      await this.#handle(request, response);
    } catch (error) {
      console.error(`${this.name}: ${error.name}: ${error.message}`);
      if (!response.headersSent) response.writeHead(error.status ?? 500);
      response.end();
    }
  }

  #configuration() {
    const { clients, signing_alg: algorithm, users } = this.#config;
    const claimNames = users.flatMap((user) => Object.keys(user.claims)).filter((name) => !OWN_CLAIMS.has(name));
    const cookie = (name) => `tessera_${this.name}_${name}`;
    return {
      adapter: this.#store,
      clients: clients.map((client) => clientMetadata(client, algorithm)),
      jwks: { keys: this.#keys.published },
      enabledJWA: { idTokenSigningAlgValues: [algorithm] },
      // A cookie knows no port: without names of their own, issuers on one host would overwrite each other's.
      cookies: {
        keys: this.#keys.cookieKeys,
        names: { session: cookie('session'), interaction: cookie('interaction'), resume: cookie('resume') },
      },
      scopes: ['openid', 'offline_access', RESOURCE_SCOPE],
      claims: { openid: ['sub', ...new Set(claimNames)] },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      rotateRefreshToken: true,
      issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
      findAccount: (_ctx, sub) => this.#account(sub),
      extraTokenClaims: (ctx, token) => this.#tokenClaims(ctx, token),
      interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
      renderError: (ctx, out) => {
        ctx.type = 'html';
        ctx.body = errorPage(`${out.error}: ${out.error_description ?? ''}`);
      },
      ttl: { Session: 14 * DAY_SECONDS, Grant: 14 * DAY_SECONDS, RefreshToken: 14 * DAY_SECONDS, Interaction: 3600, DeviceCode: 600, IdToken: 3600 },
      features: this.#features(),
    };
  }

  #features() {
    const { clients, resources, access_token_ttl_seconds: ttl, signing_alg: alg } = this.#config;
    return {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: false },
      deviceFlow: {
        enabled: clients.some((client) => client.grant_types.includes(DEVICE_GRANT)),
        userCodeInputSource: async (ctx, form, _out, error) => {
          ctx.body = deviceCodePage(form, error && 'That code is wrong, used or expired.');
        },
        userCodeConfirmSource: async (ctx, form, client, _device, userCode) => {
          ctx.body = deviceConfirmPage(form, client.clientName ?? client.clientId, userCode);
        },
        successSource: async (ctx) => {
          ctx.body = deviceDonePage();
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (_ctx, _client, oneOf) => oneOf?.[0],
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_ctx, resource) => {
          if (!resources.includes(resource)) throw new errors.InvalidTarget();
          return { scope: RESOURCE_SCOPE, audience: resource, accessTokenTTL: ttl, accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
        },
      },
    };
  }

  async #account(sub) {
    const user = this.usersBySubject.get(sub);
    return user && { accountId: sub, claims: async () => ({ ...user.claims, sub }) };
  }

  // How somebody signed in is known to the grant that the token comes from, not to the token.
  async #tokenClaims(ctx, token) {
    if (token.kind === 'ClientCredentials') {
      return this.#config.clients.find((client) => client.client_id === token.clientId)?.claims;
    }
    const { AuthorizationCode, DeviceCode, RefreshToken } = ctx.oidc.entities;
    const amr = (AuthorizationCode ?? DeviceCode ?? RefreshToken)?.amr;
    return { ...this.usersBySubject.get(token.accountId)?.claims, ...(amr && { amr }) };
  }
}
