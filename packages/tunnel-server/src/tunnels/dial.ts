import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionDocument, type DialTarget, HoopError } from '@hoop/contracts'
import type { BackendHost, ServeContext } from '@hoop/protocols'
import { resetCodes, StreamReset } from '@hoop/tunnel'
import type { Carried } from '../agents/online.ts'
import type { Behind, ReachableAgents } from '../agents/reachable.ts'
import { isSocketFolder, socketPath } from '../connections/address.ts'

const dialTime = 10_000

/** What becomes of the streams that agents carry. */
export interface CarriedBy {
  /** This agent carries what was opened last. */
  carried(agent: Carried['agent']): void
  /** What was carried is lost with the agent, or the gateway that had its tunnel: words for the caller. */
  lost(words: string): void
}

/** How a connection is dialled. */
export type Dialling = (connection: Pick<ConnectionDocument, 'name' | 'agent'>, by?: CarriedBy) => ServeContext['dial']

/** Dials directly, or through an agent where the connection names one. */
export function dialling(agents: Pick<ReachableAgents, 'dial' | 'has'>): Dialling {
  return ({ name, agent }, by) => (agent === undefined ? dial : dialThrough(agents, { name, agent }, by))
}

function dialThrough(agents: Pick<ReachableAgents, 'dial' | 'has'>, behind: Behind, by?: CarriedBy): ServeContext['dial'] {
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
      const carried = await agents.dial(behind, target, until)
      const { stream, address, agent } = carried
      stream.once('error', (error) => {
        const words = lossOf(error, carried, agents)
        if (words !== null) by?.lost(words)
      })
      by?.carried(agent)
      if (address === null || !('host' in target)) return stream
      if (address !== target.host) names.set(address, target.host)
      return Object.assign(stream, { remoteAddress: address })
    } catch (error) {
      throw until.aborted && !(error instanceof HoopError) ? unreachable(error, ` through the agent ${behind.agent}`) : error
    }
  }
}

/** Null: it was the backend that ended it. */
function lossOf(error: Error, { agent, through }: Carried, agents: Pick<ReachableAgents, 'has'>): string | null {
  if (!(error instanceof StreamReset)) return null
  const { name, instance } = agent
  const gateway = error.code === resetCodes.tunnelClosed ? through : null
  if (error.code !== resetCodes.tunnelClosed && error.code !== resetCodes.lost) return null
  const what = gateway === null ? `the agent ${name} lost its tunnel` : `the gateway that reached the agent ${name} was lost`
  const another = agents.has(name, { instance, gateway })
  return `${what}; ${another ? `another agent ${name} is online, try again` : `no other agent ${name} is online at the moment`}`
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
  return new HoopError('connection_unavailable', `The backend cannot be reached${by}${reason(cause)}.`, {
    hint: 'It may be down, or its address may be wrong: an admin looks at the connection.',
    cause,
  })
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  if (cause.name === 'TimeoutError') return ' (no answer)'
  return 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : ''
}
