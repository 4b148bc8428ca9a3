import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import type { BackendHost } from '@hoop/protocols'
import { isSocketFolder, socketPath } from '../connections/address.ts'

const dialTime = 10_000

/** Opens TCP, or a Unix socket, to one host of the backend. Rejects with a HoopError `connection_unavailable` that names neither account nor secret. */
export function dial(host: BackendHost, signal?: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const until = AbortSignal.any([AbortSignal.timeout(dialTime), ...(signal === undefined ? [] : [signal])])
    const socket = connect(
      isSocketFolder(host.host)
        ? { path: socketPath(host) }
        : { host: host.host, port: host.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 },
    )
    // Stays when the socket is handed over: an error that falls between two owners must not end the process.
    socket.on('error', () => undefined)
    const fail = (cause: unknown): void => {
      until.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(
        new HoopError('connection_unavailable', `The database cannot be reached${reason(cause)}.`, {
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

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  if (cause.name === 'TimeoutError') return ' (no answer)'
  return 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : ''
}
