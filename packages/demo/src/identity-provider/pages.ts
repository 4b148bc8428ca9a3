/** The five characters that HTML gives a meaning. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
}

const style = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;padding:0 1rem}
h1{font-size:1.4rem}code{font-size:1.4rem;letter-spacing:.1em}label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}
input,button{padding:.5rem;margin:.25rem 0 1rem}.plain{background:none;border:0;text-decoration:underline}.wrong{color:#c0262d}small{opacity:.7}`

/** A whole page. `content` is HTML already. Nothing on it comes from another place. */
function page(title: string, content: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>${style}</style></head>
<body><h1>${escapeHtml(title)}</h1>
${content}
<p><small>Development identity provider of the hoop demo. It knows sample users only and listens on this machine only.</small></p></body></html>`
}

export function loginPage(action: string, users: readonly string[], wrong: boolean): string {
  return page(
    'Who are you?',
    `${wrong ? '<p class="wrong">There is no such user with this password.</p>' : ''}
<form method="post" action="${escapeHtml(action)}">
<label for="name">User</label><input id="name" name="name" autocomplete="username" autofocus required list="users">
<datalist id="users">${users.map((name) => `<option>${escapeHtml(name)}</option>`).join('')}</datalist>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Log in</button></form>
<p><small>Users: ${users.map(escapeHtml).join(', ')}</small></p>`,
  )
}

/** `form` is the provider's own, with id `op.deviceInputForm`. */
export function codePage(form: string, wrong: boolean): string {
  return page(
    'Log in a device',
    `<p${wrong ? ' class="wrong"' : ''}>${wrong ? 'This code did not work. Please look again' : 'Type the code'} that the device shows.</p>
${form}<button type="submit" form="op.deviceInputForm">Go on</button>`,
  )
}

/** `form` is the provider's own, with id `op.deviceConfirmForm`. */
export function confirmPage(form: string, code: string): string {
  return page(
    'Is this your device?',
    `<p>It must show this code:</p><p><code>${escapeHtml(code)}</code></p>
<p>If it does not, or you did not start a login, do not go on.</p>
${form}<button type="submit" form="op.deviceConfirmForm" autofocus>Yes, go on</button>
<button class="plain" type="submit" form="op.deviceConfirmForm" name="abort" value="yes">No, stop</button>`,
  )
}

export function donePage(): string {
  return page('You are logged in', '<p>The device goes on by itself. You can close this page.</p>')
}

export function errorPage(words: string): string {
  return page('That did not work', `<p class="wrong">${escapeHtml(words)}</p>`)
}
