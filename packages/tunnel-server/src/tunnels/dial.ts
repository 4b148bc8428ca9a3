import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import type { Upstream } from '@hoop/protocols'

const dialTime = 10_000

/** Opens TCP to the backend. Rejects with a HoopError `connection_unavailable` that names neither account nor secret. */
export function dial({ host, port }: Upstream, signal?: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const until = AbortSignal.any([AbortSignal.timeout(dialTime), ...(signal === undefined ? [] : [signal])])
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 })
    const fail = (cause: unknown): void => {
      socket.destroy()
      const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
      reject(
        new HoopError('connection_unavailable', `The database cannot be reached${why}.`, {
          hint: 'The database may be down, or its address may be wrong: an admin looks at the connection.',
          cause,
        }),
      )
    }
    const onAbort = (): void => fail(until.reason)
    if (until.aborted) return onAbort()
    until.addEventListener('abort', onAbort, { once: true })
    socket.once('error', fail)
    socket.once('connect', () => {
      until.removeEventListener('abort', onAbort)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}
