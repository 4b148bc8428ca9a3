import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type DoctorFinding, finding, HoopError } from '@hoop/contracts'
import type { BackendHost, ServeContext, Upstream } from '@hoop/protocols'
import { isSocketFolder } from './address.ts'

/** Looks up and dials every host of a connection, by the path that sessions use. */
export async function* reachability(
  { hosts }: Pick<Upstream, 'hosts'>,
  agent: string | null,
  dial: ServeContext['dial'],
  signal: AbortSignal,
): AsyncGenerator<DoctorFinding> {
  for (const [at, host] of hosts.entries()) {
    const which = hosts.length === 1 ? 'The server' : `Host ${at + 1} of ${hosts.length}`
    // An agent looks names up where it runs.
    const name = agent === null ? await resolution(host, which) : null
    if (name !== null) yield name
    yield await connecting(host, which, agent, dial, signal)
  }
}

/** Null: there is no name to look up. */
async function resolution({ host }: BackendHost, which: string): Promise<DoctorFinding | null> {
  if (isIP(host) !== 0 || isSocketFolder(host)) return null
  const began = performance.now()
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address)
    const words = `${which}: its name leads to ${counted(addresses.length, 'address', 'addresses')}, ${since(began)}.`
    return finding('reachability.name', 'ok', words, { details: [`${host}: ${addresses.join(', ')}`] })
  } catch (error) {
    return finding('reachability.name', 'problem', `${which}: its name cannot be looked up.`, {
      details: [error instanceof Error ? error.message : host],
      advice: 'Correct address in the Connection, or the name service of the gateway’s machine.',
    })
  }
}

async function connecting(
  host: BackendHost,
  which: string,
  agent: string | null,
  dial: ServeContext['dial'],
  signal: AbortSignal,
): Promise<DoctorFinding> {
  const details = [isSocketFolder(host.host) ? `socket in ${host.host}` : `${host.host}, port ${host.port}`]
  const began = performance.now()
  try {
    const socket = await dial(host, signal)
    const words = `${which} can be reached${agent === null ? '' : ` through the agent ${agent}`}, ${since(began)}.`
    socket.destroy()
    return finding('reachability.connect', 'ok', words, { details })
  } catch (error) {
    if (signal.aborted) return finding('reachability.connect', 'not-checked', `${which}: not checked, because the time was over.`)
    if (!(error instanceof HoopError)) throw error
    const { cause } = error
    return finding('reachability.connect', 'problem', `${which} cannot be reached, ${since(began)}.`, {
      details: cause instanceof Error ? [...details, cause.message] : [...details, error.message],
      advice:
        agent === null
          ? 'See that the backend runs and listens there, and that firewalls let the gateway’s machine through.'
          : 'See that the agent is online (hoop agents ls), may dial there (--allow), and that the backend listens.',
    })
  }
}

function since(began: number): string {
  return `within ${Math.max(1, Math.round(performance.now() - began))} ms`
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
