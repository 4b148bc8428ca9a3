import { lookup } from 'node:dns/promises'
import { kindOf } from '@hoop/tunnel'
import { createTransport } from 'nodemailer'
import type { Message, Resolve, Way } from './way.ts'
import { block, commands, facts, isOpen, statement, title } from './words.ts'

/** Milliseconds. */
const patience = 15_000

/** Mail by SMTP: never without TLS to another machine. Nothing in it changes anything when it is opened. */
export class Mail implements Way {
  readonly #resolve: Resolve

  constructor(resolve: Resolve) {
    this.#resolve = resolve
  }

  async deliver({ id, notifier, notice }: Message, signal: AbortSignal): Promise<null> {
    if (notifier.mail === undefined) throw new Error(`Notifier/${notifier.name} has no mail`)
    const { smtp, from, to, tls, ca, user, password } = notifier.mail
    const name = smtp.slice(0, smtp.lastIndexOf(':')).replace(/^\[|\]$/g, '')
    const { address } = await lookup(name)
    const kind = kindOf(address)
    if (kind === 'never') throw new Error(`${name} is ${address}, where nothing is ever sent`)
    if (kind !== 'loopback' && tls === 'disable') throw new Error(`${name} is not this machine, and needs TLS`)
    const pass = password && (await this.#resolve(password, `Notifier/${notifier.name}`, 'password'))
    const transport = createTransport({
      host: address,
      port: Number(smtp.slice(smtp.lastIndexOf(':') + 1)),
      secure: tls === 'direct',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'disable',
      tls: { servername: name, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
      connectionTimeout: patience,
      greetingTimeout: patience,
      socketTimeout: patience,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(user !== undefined && pass !== undefined && { auth: { user, pass } }),
    })
    const stop = () => transport.close()
    signal.addEventListener('abort', stop)
    try {
      const subject = `hoop: ${title(notice)}`
      // RFC 5322, 3.6.4: mailers drop what they have by its id already, and show what is about one subject together.
      const domain = from.slice(from.lastIndexOf('@') + 1)
      const references = `<${notice.subject}@${domain}>`
      await transport.sendMail({ from, to, subject, messageId: `<${id}@${domain}>`, references, ...bodies(message(notice)) })
      return null
    } finally {
      signal.removeEventListener('abort', stop)
      transport.close()
    }
  }
}

interface Paragraph {
  readonly text: string
  readonly code: boolean
}

function message(notice: Message['notice']): Paragraph[] {
  const shown = statement(notice)
  const listed = facts(notice)
    .map(([name, value]) => `${`${name}:`.padEnd(11)}${value}`)
    .join('\n')
  const cut = notice.operation?.whole === false ? 'It is longer than a mail shows; hoop approvals show shows all of it.' : null
  return [
    { text: `${title(notice)}.`, code: false },
    { text: listed, code: true },
    ...(shown === null ? [] : [{ text: shown, code: true }]),
    ...(cut === null ? [] : [{ text: cut, code: false }]),
    ...(isOpen(notice) ? [{ text: commands(notice).join('\n'), code: true }] : []),
  ]
}

function bodies(paragraphs: readonly Paragraph[]): { text: string; html: string } {
  const html = paragraphs.map(({ text, code }) => (code ? `<pre>${escaped(text)}</pre>` : `<p>${escaped(text)}</p>`))
  return { text: `${paragraphs.map(({ text }) => block(text)).join('\n\n')}\n`, html: `<!doctype html>\n${html.join('\n')}\n` }
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
