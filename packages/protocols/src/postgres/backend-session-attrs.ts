import type { Duplex } from 'node:stream'
import { HoopError, type TargetSessionAttrs } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { BackendRefused, HostUnavailable } from './backend-errors.ts'
import type { CompletedLogin } from './backend-login.ts'
import { read, write } from './codec.ts'
import { Handshake } from './handshake.ts'
import { backend } from './messages.ts'

type Wanted = Exclude<TargetSessionAttrs, 'any' | 'prefer-standby'>

/** A question that servers before 14 must be asked: they do not report it by themselves. */
const questions = {
  standby: 'SELECT pg_catalog.pg_is_in_recovery()',
  readOnly: 'SHOW transaction_read_only',
} as const

/**
 * Throws HostUnavailable unless the session is what is wanted, by libpq's definition: by the parameters in_hot_standby and
 * default_transaction_read_only, or, where the server does not report them, by asking. `own` puts each question on the record first.
 */
export async function expectSession(
  wanted: Wanted,
  session: { stream: Duplex; login: CompletedLogin; own: (text: string) => void; signal: AbortSignal },
): Promise<void> {
  const { parameters } = session.login
  const standby = parameters.get('in_hot_standby')
  const readOnly = parameters.get('default_transaction_read_only')
  const isStandby = async () => (standby === undefined ? isTrue(await ask(questions.standby, session)) : isTrue(standby))
  if (wanted === 'primary' || wanted === 'standby') {
    const found = await isStandby()
    if (found !== (wanted === 'standby')) throw notWanted(found ? 'is a standby' : 'is a primary', wanted)
    return
  }
  const found =
    standby === undefined || readOnly === undefined
      ? isTrue(await ask(questions.readOnly, session))
      : isTrue(standby) || isTrue(readOnly)
  if (found !== (wanted === 'read-only')) throw notWanted(found ? 'is read-only' : 'is read-write', wanted)
}

function isTrue(value: string): boolean {
  return value === 'on' || value === 't'
}

function notWanted(found: string, wanted: Wanted): HostUnavailable {
  return new HostUnavailable(
    new HoopError('connection_unavailable', `${found}, and targetSessionAttrs asks for ${wanted}`, {
      hint: 'An admin looks at address and targetSessionAttrs of this connection.',
    }),
    true,
  )
}

/** The one value that the query answers with. */
async function ask(
  text: string,
  { stream, login, own, signal }: { stream: Duplex; login: CompletedLogin; own: (text: string) => void; signal: AbortSignal },
): Promise<string> {
  if (login.rest.length > 0) throw new ProtocolViolation('it spoke out of turn')
  const handshake = new Handshake(stream, signal)
  try {
    own(text)
    stream.write(write.query(text))
    let value: string | null = null
    for (let messages = 0; messages < 100; messages++) {
      const message = await handshake.message()
      if (message.tag === backend.readyForQuery) {
        if (value === null || handshake.early > 0) break
        return value
      }
      if (message.tag === backend.errorResponse) {
        const fields = read.diagnostics(message.body())
        throw new BackendRefused(fields.get('C') ?? 'XX000', fields.get('M') ?? 'the database does not say what it is')
      }
      if (message.tag === backend.dataRow) value = onlyValue(message.body())
    }
    throw new ProtocolViolation('it does not say whether it is a standby or read-only')
  } finally {
    handshake.release()
  }
}

function onlyValue(body: Parameters<typeof read.query>[0]): string {
  if (body.uint16() !== 1) throw new ProtocolViolation('a row of a wrong width')
  const value = body.bytes(body.int32()).toString('utf8')
  body.end()
  return value
}
