import { join } from 'node:path'
import { freePort } from '@hoop/postgres-server'
import {
  applyDocuments,
  type Connect,
  loginAs,
  type Stoppable,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
} from '../../support/index.ts'
import { noWay } from '../candidates/candidate.ts'
import { startChainTo } from '../candidates/chain.ts'
import { operationsByPoint } from '../candidates/recorded.ts'
import { startForked } from '../forked.ts'
import { hoopDocuments } from './documents.ts'

/** In the order in which they are shown. `proxy` stands alone; `bare` is the same proxy at the far end of the bare chain: the yardstick. */
export const httpCandidateNames = ['direct', 'proxy', 'bare', 'hoop'] as const

interface HttpWay {
  readonly origin: string
  /** The password of a local port. */
  readonly headers: Readonly<Record<string, string>>
}

/** One candidate, and how the service is reached by it. No leg of any has TLS. */
export interface HttpCandidate extends Stoppable {
  readonly name: (typeof httpCandidateNames)[number]
  /** To the service, and to the same one where a field of its answers is masked. */
  readonly ways: { readonly plain: HttpWay; readonly masked: HttpWay }
  /** Process ids by name: those whose time is the candidate's. */
  readonly programs: Readonly<Record<string, number>>
  /** Operations on the record by the point that they name; null: it keeps none. */
  readonly recorded: (() => Promise<ReadonlyMap<string, number>>) | null
  stop(): Promise<void>
}

/** Starts those that are named, and the direct way; the last to stop was the first to start. */
export async function startHttpCandidates(service: number, names: readonly string[]): Promise<HttpCandidate[]> {
  const started = [unmasked('direct', service, {}, async () => {})]
  try {
    if (names.includes('proxy')) {
      const { port, pid, stop } = await startForked('http/bare-proxy.ts', [String(service)])
      started.push(unmasked('proxy', port, { proxy: pid }, stop))
    }
    if (names.includes('bare')) {
      const { port, programs, stop } = await startChainTo(service, 'proxy', noWay)
      started.push(unmasked('bare', port, programs, stop))
    }
    if (names.includes('hoop')) started.push(await startHoop(service))
    return started
  } catch (error) {
    await stopHttpCandidates(started)
    throw error
  }
}

export async function stopHttpCandidates(candidates: readonly HttpCandidate[]): Promise<void> {
  for (const candidate of candidates.toReversed()) await candidate.stop()
}

function unmasked(
  name: HttpCandidate['name'],
  port: number,
  programs: HttpCandidate['programs'],
  stop: () => Promise<unknown>,
): HttpCandidate {
  const way = { origin: `http://127.0.0.1:${port}`, headers: {} }
  return {
    name,
    ways: { plain: way, masked: way },
    programs,
    recorded: null,
    stop: async () => void (await stop()),
  }
}

/** A gateway with policies and the whole record on, and a `hoop connect` to the service, with and without masks. */
async function startHoop(service: number): Promise<HttpCandidate> {
  const parts = new AsyncDisposableStack()
  const keep = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const started = await starting
    parts.defer(async () => void (await started.stop()))
    return started
  }
  try {
    const provider = await keep(startIdentityProvider())
    const gateway = await keep(startGatewayProcess({ provider, port: await freePort(), env: { HOOP_LOG: 'warn' } }))
    await applyDocuments((await keep(loginAs('root-admin', { gateway: gateway.url }))).home, hoopDocuments(service))
    const { home } = await keep(loginAs('ada', { gateway: gateway.url }))
    const plain = await keep(startConnect('service', { home }))
    const masked = await keep(startConnect('service-masked', { home }))
    return {
      name: 'hoop',
      ways: { plain: wayOf(plain), masked: wayOf(masked) },
      programs: { gateway: gateway.pid, connect: plain.program.pid, 'connect, masked': masked.program.pid },
      recorded: async () =>
        new Map(
          (await Promise.all([plain, masked].map(({ session }) => operationsByPoint(join(gateway.records, session))))).flatMap(
            (counts) => [...counts],
          ),
        ),
      stop: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

function wayOf({ host, port, password }: Connect): HttpWay {
  return { origin: `http://${host}:${port}`, headers: { authorization: `Bearer ${password}` } }
}
