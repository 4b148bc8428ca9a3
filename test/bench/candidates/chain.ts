import type { Sample, Stoppable } from '../../support/index.ts'
import { startForked } from '../forked.ts'
import { type Candidate, plainUrl, type Way } from './candidate.ts'

/**
 * `bare`: the yardstick, with nothing but what a relay needs. `tunnel`: with the tunnel that hoop has, its credit, fairness and acknowledgements.
 * `proxy`: the bare one, whose far end is an HTTP proxy that looks at nothing.
 */
type ChainKind = 'bare' | 'tunnel' | 'proxy'

/** Two processes of ours with one WebSocket between them, as `hoop connect` and the gateway are, which look at nothing. */
export async function startChain(kind: 'bare' | 'tunnel', sample: Sample, way: Way): Promise<Candidate> {
  const { port, ...chain } = await startChainTo(sample.port, kind, way)
  return { name: kind, url: plainUrl(sample, port), recorded: null, ...chain }
}

/** Such a chain to a port of this machine; `port` is its own. */
export async function startChainTo(
  target: number,
  kind: ChainKind,
  way: Way,
): Promise<Stoppable & { readonly port: number; readonly programs: Readonly<Record<string, number>>; stop(): Promise<void> }> {
  const far = await startForked('candidates/chain-end.ts', ['far', kind, String(target)])
  try {
    const near = await startForked('candidates/chain-end.ts', ['near', kind, String(await way(far.port))])
    return {
      port: near.port,
      programs: { near: near.pid, far: far.pid },
      async stop() {
        await near.stop()
        await far.stop()
      },
    }
  } catch (error) {
    await far.stop()
    throw error
  }
}
