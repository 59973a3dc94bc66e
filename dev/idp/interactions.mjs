// What oidc-provider leaves to its host: asking for the password, and for consent.
//
// The interaction belongs to the browser that began it: oidc-provider ties it to a signed, HttpOnly, SameSite=Lax
// cookie, so a form sent from another site finds no interaction.
import { readBody } from './form.mjs';
import { consentPage, errorPage, loginPage, sendPage } from './pages.mjs';
import { passwordMatches } from './passwords.mjs';

const ROUTE = /^\/interaction\/([\w-]+)(?:\/(login|consent|abort))?$/;

async function login(issuer, details, request, response) {
  const form = new URLSearchParams(await readBody(request));
  const user = issuer.usersByName.get(form.get('username') ?? '');
  if (!(await passwordMatches(form.get('password') ?? '', user?.password))) {
    sendPage(response, 401, loginPage(issuer.name, `/interaction/${details.uid}`, 'Wrong user name or password.'));
    return;
  }
  const result = { login: { accountId: user.sub, amr: user.claims.amr ?? ['pwd'] } };
  await issuer.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function consent(issuer, details, request, response) {
  const { Grant } = issuer.provider;
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = details.prompt.details;
  const grant = (details.grantId && (await Grant.find(details.grantId)))
    || new Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  const result = { consent: { grantId: await grant.save() } };
  await issuer.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

async function show(issuer, details, response) {
  const path = `/interaction/${details.uid}`;
  if (details.prompt.name === 'login') {
    sendPage(response, 200, loginPage(issuer.name, path));
    return;
  }
  const client = await issuer.provider.Client.find(details.params.client_id);
  const { missingOIDCScope = [], missingResourceScopes = {} } = details.prompt.details;
  const scopes = [...missingOIDCScope, ...Object.values(missingResourceScopes).flat()];
  sendPage(response, 200, consentPage(client?.clientName ?? details.params.client_id, scopes, path));
}

/** Answers the request if it is one of an interaction; says whether it did. */
export async function handleInteraction(issuer, request, response) {
  const match = ROUTE.exec(new URL(request.url, 'http://localhost').pathname);
  if (!match) return false;
  const [, uid, step] = match;
  let details;
  try {
    details = await issuer.provider.interactionDetails(request, response);
  } catch {
    details = undefined;
  }
  const expected = step === undefined || step === 'abort' || step === details?.prompt.name;
  if (details?.uid !== uid || !expected) {
    sendPage(response, 400, errorPage('This sign-in has expired or belongs to another browser. Start again.'));
  } else if (request.method === 'GET' && !step) {
    await show(issuer, details, response);
  } else if (request.method !== 'POST' || !step) {
    sendPage(response, 405, errorPage('Method not allowed.'));
  } else if (step === 'abort') {
    const result = { error: 'access_denied', error_description: 'The person refused' };
    await issuer.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } else {
    await (step === 'login' ? login : consent)(issuer, details, request, response);
  }
  return true;
}
