/** Of Keycloak after a device login, and of hoop after one in the browser. */
const lastPages = ['Device Login Successful', 'hoop has what it needs']
const mostSteps = 15

/** Does in Keycloak's pages what a person does: types name and password, agrees, until one of the last pages is shown. */
export async function logInAtKeycloak(url: string, user: { readonly name: string; readonly password: string }): Promise<void> {
  const cookies = new Map<string, string>()
  let at = new URL(url)
  let response = await send(at, null, cookies)
  for (let step = 0; step < mostSteps; step++) {
    const location = response.headers.get('location')
    if (location !== null) {
      at = new URL(location, at)
      response = await send(at, null, cookies)
      continue
    }
    const html = await response.text()
    if (response.ok && lastPages.some((words) => html.includes(words))) return
    const form = firstForm(html, at)
    if (!response.ok || form === null) throw new Error(`Keycloak answered ${response.status}: ${wordsOf(html)}`)
    if (form.fields.has('username')) form.fields.set('username', user.name)
    if (form.fields.has('password')) form.fields.set('password', user.password)
    // What a page asks for is agreed to.
    form.fields.delete('cancel')
    at = form.action
    response = await send(at, form.fields, cookies)
  }
  throw new Error('Keycloak asks for more than a login needs')
}

/** With every cookie, those that are for TLS only as well: browsers send them to loopback. */
async function send(url: URL, form: URLSearchParams | null, cookies: Map<string, string>): Promise<Response> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(url, {
    method: form === null ? 'GET' : 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', cookie },
    ...(form === null ? {} : { body: form }),
    signal: AbortSignal.timeout(30_000),
  })
  for (const set of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=;]*)=([^;]*)/.exec(set) ?? []
    if (/;\s*max-age=0/i.test(set)) cookies.delete(name)
    else cookies.set(name, value)
  }
  return response
}

function firstForm(html: string, at: URL): { action: URL; fields: URLSearchParams } | null {
  const [, action, body = ''] = /<form\b[^>]*\baction="([^"]*)"[^>]*>(.*?)<\/form>/s.exec(html) ?? []
  if (action === undefined) return null
  const fields = new URLSearchParams()
  for (const [input] of body.matchAll(/<input\b[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1]
    if (name !== undefined) fields.set(name, unescaped(/\bvalue="([^"]*)"/.exec(input)?.[1] ?? ''))
  }
  return { action: new URL(unescaped(action), at), fields }
}

function unescaped(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
}

function wordsOf(html: string): string {
  return html
    .replace(/<(script|style).*?<\/\1>|<[^>]*>/gs, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, 400)
}
