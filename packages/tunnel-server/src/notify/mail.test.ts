import { text } from 'node:stream/consumers'
import type { NotifierDocument } from '@hoop/contracts'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { makePair } from '../testing/certificates.ts'
import { Mail } from './mail.ts'
import type { Notice } from './notice.ts'

const somebody = { id: 'i#ada', name: 'Ada', kind: 'person', onBehalfOf: null }
const notice: Notice = {
  event: 'operation.held',
  subject: 'ap_1',
  connection: 'shop',
  state: 'held',
  requester: { ...somebody, onBehalfOf: { ...somebody, name: 'Bo\r\nBcc: x@example.com' } },
  reason: '<b>clean</b> up',
  rule: 'Policy/deletes',
  message: 'Ask a DBA.',
  approvers: ['dba'],
  count: 1,
  approved: 0,
  operation: {
    session: 'ses_1',
    text: "delete from orders where note = '<script>alert(1)</script>\u202e'",
    parameters: [
      { type: 'text', value: '1\n$2 = 2' },
      { type: 'int4', value: null },
    ],
    role: 'hoop_app',
    settings: ['app.tenant = b'],
    effects: ['write'],
    objects: ['table public.\u043erders write'],
    whole: true,
  },
  lasts: null,
  at: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:15:00.000Z',
  endsAt: null,
  decidedBy: null,
  decisionReason: null,
}

const servers: SMTPServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(resolve))
})

interface Received {
  readonly mail: string
  readonly to: readonly string[]
  readonly secure: boolean
  readonly user: string | undefined
}

/** A server of SMTP that takes mail for one account. */
async function startSmtp(options: SMTPServerOptions): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = []
  const server = new SMTPServer({
    ...options,
    onAuth: ({ username, password }, _session, answer) =>
      username === 'hoop' && password === 'pass word' ? answer(null, { user: username }) : answer(new Error('wrong password')),
    onData: async (stream, session, answer) => {
      const mail = await text(stream)
      const { rcptTo } = session.envelope
      received.push({ mail, to: rcptTo.map(({ address }) => address), secure: session.secure, user: session.user })
      answer()
    },
  })
  server.on('error', () => {})
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, received }
}

function notifier(port: number, mail: Partial<NonNullable<NotifierDocument['mail']>> = {}): NotifierDocument {
  return {
    kind: 'Notifier',
    name: 'mails',
    connections: {},
    identities: {},
    mail: {
      smtp: `localhost:${port}`,
      from: 'hoop@example.com',
      to: ['dba@example.com', 'sre@example.com'],
      tls: 'starttls',
      user: 'hoop',
      password: { env: 'SMTP_PASSWORD' },
      ...mail,
    },
  }
}

const send = (document: NotifierDocument, told = notice, password = 'pass word') =>
  new Mail(async () => password).deliver(
    { id: 'nt_1', notifier: document, notice: told, receipt: null },
    AbortSignal.timeout(10_000),
  )

test('a mail goes by STARTTLS with a login, says all there is, and opens to nothing', async () => {
  const { certificate, key } = await makePair('localhost')
  const { port, received } = await startSmtp({ cert: certificate, key })
  await send(notifier(port, { ca: certificate }))
  const [{ mail = '', ...how } = {}] = received
  expect(how).toEqual({ to: ['dba@example.com', 'sre@example.com'], secure: true, user: 'hoop' })
  expect(mail).toMatch(/^Subject: hoop: Ada waits for an approval on shop\r$/m)
  expect(mail).toMatch(/^Message-ID: <nt_1@example.com>\r$/m)
  expect(mail).toMatch(/^References: <ap_1@example.com>\r$/m)
  expect(mail).not.toMatch(/^Bcc:/m)
  expect(mail).not.toMatch(/https?:|\u202e/)
  expect(mail.slice(mail.indexOf('<!doctype html>'))).not.toMatch(/<script>|<b>|<a/)
  const plain = mail.replaceAll('=\r\n', '').replaceAll('=3D', '=')
  for (const words of [
    'Policy/deletes: Ask a DBA.',
    'app.tenant = b',
    'hoop approvals approve ap_1',
    '\n$1 = 1\\n$2 = 2\r\n$2 = NULL\r\n',
    '\\u{202e}',
    'may look like others: U+43e',
    '&#60;script&#62;',
  ])
    expect(plain).toContain(words)
})

test('TLS from the first byte on, and none to this machine only', async () => {
  const { certificate, key } = await makePair('localhost')
  const direct = await startSmtp({ secure: true, cert: certificate, key })
  await send(notifier(direct.port, { tls: 'direct', ca: certificate }))
  const plain = await startSmtp({ hideSTARTTLS: true, authOptional: true })
  await send(notifier(plain.port, { tls: 'disable', user: undefined, password: undefined } as never))
  expect([direct.received[0]?.secure, plain.received[0]?.secure]).toEqual([true, false])
})

test('nothing is sent without TLS, to a server that nobody vouches for, or with a wrong password', async () => {
  const { certificate, key } = await makePair('localhost')
  const without = await startSmtp({ disabledCommands: ['STARTTLS'] })
  await expect(send(notifier(without.port))).rejects.toThrow(/STARTTLS|TLS/)
  const { port, received } = await startSmtp({ cert: certificate, key })
  await expect(send(notifier(port))).rejects.toThrow(/self.signed/)
  await expect(send(notifier(port, { ca: certificate }), notice, 'another')).rejects.toThrow(/wrong password|Invalid login/)
  await expect(send(notifier(25, { smtp: '169.254.169.254:25' }))).rejects.toThrow('nothing is ever sent')
  expect([...without.received, ...received]).toEqual([])
})
