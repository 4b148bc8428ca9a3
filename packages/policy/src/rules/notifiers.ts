import type { NotifierDocument } from '@hoop/contracts'

/** What is wrong with a notifier beyond its shape, each at a path of the document. */
export function notifierMistakes({ webhook, slack, mail }: NotifierDocument): { path: string[]; message: string }[] {
  const ways = Object.entries({ webhook, slack, mail }).flatMap(([way, given]) => (given === undefined ? [] : [way]))
  if (ways.length !== 1) {
    const message =
      ways.length === 0 ? 'tells nobody: give one of webhook, slack and mail' : 'is one way too many: write a Notifier for each'
    return [{ path: [ways[1] ?? 'name'], message }]
  }
  return [
    ...urlMistakes(['webhook', 'url'], webhook?.url),
    ...urlMistakes(['slack', 'api'], slack?.api),
    ...(mail === undefined ? [] : mailMistakes(mail)),
  ]
}

function urlMistakes(path: string[], given: string | undefined) {
  if (given === undefined) return []
  const { protocol, hostname, username, password } = new URL(given)
  if (username !== '' || password !== '')
    return [{ path, message: 'holds a user or a password: a document is no place for those' }]
  if (protocol === 'https:' || isLoopback(hostname)) return []
  return [{ path, message: 'must be https; http is for this machine only' }]
}

function mailMistakes({ smtp, tls, user, password }: NonNullable<NotifierDocument['mail']>) {
  const host = smtp.slice(0, smtp.lastIndexOf(':'))
  if (Number(smtp.slice(host.length + 1)) > 65_535)
    return [{ path: ['mail', 'smtp'], message: 'ends in no port: those are 1 to 65535' }]
  if ((user === undefined) !== (password === undefined)) {
    return [{ path: ['mail', user === undefined ? 'password' : 'user'], message: 'user and password go together' }]
  }
  if (tls !== 'disable' || isLoopback(host)) return []
  return [{ path: ['mail', 'tls'], message: 'disable is for a server on this machine only' }]
}

/** The gateway's own machine, by its name or its address; what a name leads to is looked at when it is called. */
function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)
}
