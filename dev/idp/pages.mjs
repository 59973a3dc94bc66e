// The pages a person sees: plain forms, no scripts, nothing fetched from elsewhere.
const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;max-width:22rem;margin:4rem auto;padding:0 1rem}
label,input,button{display:block;width:100%;box-sizing:border-box}input,button{font:inherit;padding:.5rem;margin:.25rem 0 1rem}
[role=alert]{color:#a40000}code{font-size:1.5rem}`;

/** Makes text harmless inside HTML and inside a quoted attribute. */
export function escapeHtml(text) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return String(text).replace(/[&<>"']/g, (character) => entities[character]);
}

function page(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>${body}</main></body></html>`;
}

const alert = (message) => (message ? `<p role="alert">${escapeHtml(message)}</p>` : '');

/** Sends a page that no cache keeps and no frame shows. */
export function sendPage(response, status, html) {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  response.end(html);
}

export function loginPage(issuerName, path, message) {
  return page(`Sign in to ${issuerName}`, `${alert(message)}
<form id="login" method="post" action="${escapeHtml(path)}/login">
<label for="username">User name</label><input id="username" name="username" autocomplete="username" required autofocus>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button></form>`);
}

export function consentPage(clientName, scopes, path) {
  const list = scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join('');
  return page(`Allow ${clientName}?`, `<p>It will act in your name${list ? ' and asks for:' : '.'}</p><ul>${list}</ul>
<form id="consent" method="post" action="${escapeHtml(path)}/consent"><button type="submit" autofocus>Allow</button></form>
<form id="abort" method="post" action="${escapeHtml(path)}/abort"><button type="submit">Refuse</button></form>`);
}

export function errorPage(message) {
  return page('That did not work', alert(message));
}

// `form` comes from oidc-provider with its own cross-site token inside; it has no button.
export function deviceCodePage(form, message) {
  return page('Connect a device', `${alert(message)}<p>Enter the code that the device shows.</p>${form}
<button type="submit" form="op.deviceInputForm">Continue</button>`);
}

export function deviceConfirmPage(form, clientName, userCode) {
  return page(`Connect ${clientName}?`, `<p>The device should show this code:</p><p><code>${escapeHtml(userCode)}</code></p>
<p>If it does not, or you have not started this, refuse.</p>${form}
<button type="submit" form="op.deviceConfirmForm" autofocus>Continue</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Refuse</button>`);
}

export function deviceDonePage() {
  return page('Device connected', '<p>You may close this page.</p>');
}
