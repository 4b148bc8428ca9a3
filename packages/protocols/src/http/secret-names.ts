import type { Literal } from '@hoop/contracts'

/** Names whose values are passwords and tokens, without what separates their words. Listed in docs/http.md. */
const secretNames: ReadonlySet<string> = new Set([
  ...['password', 'passwd', 'pwd', 'passphrase', 'oldpassword', 'newpassword', 'currentpassword', 'passwordconfirmation'],
  ...['token', 'accesstoken', 'refreshtoken', 'idtoken', 'authtoken', 'apitoken', 'bearertoken', 'subjecttoken', 'actortoken'],
  ...['secret', 'clientsecret', 'clientassertion', 'assertion', 'samlresponse', 'apikey', 'secretkey', 'privatekey'],
  // What signs a URL gives who has it what it signs for.
  ...['xamzsignature', 'xamzsecuritytoken', 'xgoogsignature', 'sig'],
])

/** Whether what goes by this name is a password or a token: `client_secret`, `clientSecret` and `user[client-secret]` are the same. */
export function isSecretName(name: string): boolean {
  const innermost = /\[([^[\]]+)\]$/.exec(name)?.[1] ?? name
  return secretNames.has(innermost.replaceAll(/[^A-Za-z]/g, '').toLowerCase())
}

/** The secret values among the parameters (`name=value&…`, as in a query or a form) that stand at `[start, end)` of a text. */
export function secretParameters(text: string, start: number, end: number): Literal[] {
  const found: Literal[] = []
  for (let at = start; at < end; ) {
    const next = text.indexOf('&', at)
    const over = next === -1 || next > end ? end : next
    const equals = text.indexOf('=', at)
    if (equals !== -1 && equals + 1 < over && isSecretName(decoded(text.slice(at, equals))))
      found.push({ start: equals + 1, end: over, sources: [], secret: true })
    at = over + 1
  }
  return found
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
