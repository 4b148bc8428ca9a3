/** Of the provider after a device login, and of hoop itself after one in the browser. */
const lastPages = ['You are logged in', 'hoop has what it needs']

/**
 * Does in a login what a person does in the browser: opens the page, confirms the code if there is one, types name and password.
 * @param url the provider's `verification_uri_complete`, or its authorization endpoint with all parameters
 * @throws when the provider does not come to its last page within a few steps, with what it showed instead.
 */
export async function completeDeviceLogin(url: string, user: { name: string; password: string }): Promise<void> {
  const cookies = new Map<string, string>()
  let answer = await send(new URL(url), null, cookies)
  for (let step = 0; step < 12; step++) {
    const { response, at } = answer
    const location = response.headers.get('location')
    if (location !== null) {
      answer = await send(new URL(location, at), null, cookies)
      continue
    }
    const html = await response.text()
    const form = firstForm(html, at)
    if (form === null || !response.ok) {
      if (response.ok && lastPages.some((words) => html.includes(words))) return
      throw new Error(
        `the identity provider answered ${response.status}: ${html
          .replace(/<style.*<\/style>|<[^>]*>/gs, ' ')
          .trim()
          .slice(0, 300)}`,
      )
    }
    if (form.fields.has('name')) form.fields.set('name', user.name)
    if (form.fields.has('password')) form.fields.set('password', user.password)
    answer = await send(form.action, form.fields, cookies)
  }
  throw new Error('the identity provider asks for more than a device login needs')
}

async function send(
  url: URL,
  form: URLSearchParams | null,
  cookies: Map<string, string>,
): Promise<{ response: Response; at: URL }> {
  const response = await fetch(url, {
    method: form === null ? 'GET' : 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    ...(form === null ? {} : { body: form }),
    signal: AbortSignal.timeout(15_000),
  })
  for (const cookie of response.headers.getSetCookie()) {
    const [pair = ''] = cookie.split(';', 1)
    const equals = pair.indexOf('=')
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)]
    // The provider's cookies are told apart by name; an empty value takes one away.
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
  return { response, at: url }
}

function firstForm(html: string, at: URL): { action: URL; fields: URLSearchParams } | null {
  const form = /<form\b[^>]*\baction="([^"]*)"[^>]*>(.*?)<\/form>/s.exec(html)
  if (form === null) return null
  const [, action = '', body = ''] = form
  const fields = new URLSearchParams()
  for (const [input] of body.matchAll(/<input\b[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1]
    if (name !== undefined) fields.set(name, /\bvalue="([^"]*)"/.exec(input)?.[1] ?? '')
  }
  return { action: new URL(action, at), fields }
}
