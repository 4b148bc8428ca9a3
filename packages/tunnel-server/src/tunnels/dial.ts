import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionDocument, type DialTarget, HoopError } from '@hoop/contracts'
import type { BackendHost, ServeContext } from '@hoop/protocols'
import type { Carried, OnlineAgents } from '../agents/online.ts'
import { isSocketFolder, socketPath } from '../connections/address.ts'

const dialTime = 10_000

/** How a connection is dialled; `carried` is told which agent carries what was opened last. */
export type Dialling = (
  connection: Pick<ConnectionDocument, 'agent'>,
  carried?: (agent: Carried['agent']) => void,
) => ServeContext['dial']

/** Dials directly, or through an agent where the connection names one. */
export function dialling(agents: Pick<OnlineAgents, 'dial'>): Dialling {
  return ({ agent }, carried) => (agent === undefined ? dial : dialThrough(agents, agent, carried))
}

function dialThrough(
  agents: Pick<OnlineAgents, 'dial'>,
  name: string,
  carried: (agent: Carried['agent']) => void = () => {},
): ServeContext['dial'] {
  /** What each address was reached by: whoever dials it again, to cancel there, means that name, which is what the agent has on its list. */
  const names = new Map<string, string>()
  const targetOf = (host: BackendHost): DialTarget => {
    if (isSocketFolder(host.host)) return { path: socketPath(host) }
    const known = names.get(host.host)
    return known === undefined ? { host: host.host, port: host.port } : { host: known, port: host.port, address: host.host }
  }
  return async (host, signal) => {
    const until = AbortSignal.any([AbortSignal.timeout(dialTime), ...(signal === undefined ? [] : [signal])])
    const target = targetOf(host)
    try {
      const { stream, address, agent } = await agents.dial(name, target, until)
      carried(agent)
      if (address === null || !('host' in target)) return stream
      if (address !== target.host) names.set(address, target.host)
      return Object.assign(stream, { remoteAddress: address })
    } catch (error) {
      throw until.aborted && !(error instanceof HoopError) ? unreachable(error, ` through the agent ${name}`) : error
    }
  }
}

/** Opens TCP, or a Unix socket, to one host of the backend. Rejects with a HoopError `connection_unavailable` that names neither account nor secret. */
function dial(host: BackendHost, signal?: AbortSignal): Promise<Duplex> {
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
      reject(unreachable(cause))
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

function unreachable(cause: unknown, by = ''): HoopError {
  return new HoopError('connection_unavailable', `The database cannot be reached${by}${reason(cause)}.`, {
    hint: 'The database may be down, or its address may be wrong: an admin looks at the connection.',
    cause,
  })
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  if (cause.name === 'TimeoutError') return ' (no answer)'
  return 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : ''
}
