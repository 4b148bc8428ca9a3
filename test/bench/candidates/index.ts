import type { Sample } from '../../support/index.ts'
import { type Candidate, type CandidateName, direct, type Way } from './candidate.ts'
import { startChain } from './chain.ts'
import { startHoop } from './hoop.ts'
import { hasPgbouncer, startPgbouncer } from './pgbouncer.ts'

/** Starts the direct connection and all that are named, in one order; the last to stop was the first to start. */
export async function startCandidates(sample: Sample, names: readonly CandidateName[], way: Way): Promise<Candidate[]> {
  const started: Candidate[] = [await direct(sample, way)]
  try {
    if (names.includes('pgbouncer')) {
      if (await hasPgbouncer()) started.push(await startPgbouncer(sample, way))
      else process.stderr.write('pgbouncer is left out: it is not installed, and only root on Debian can install it here\n')
    }
    for (const kind of ['bare', 'tunnel'] as const) {
      if (names.includes(kind)) started.push(await startChain(kind, sample, way))
    }
    const ours = (['hoop', 'agent'] as const).filter((name) => names.includes(name))
    if (ours.length > 0) started.push(...(await startHoop(sample, way, ours)))
    return started
  } catch (error) {
    await stopCandidates(started)
    throw error
  }
}

export async function stopCandidates(candidates: readonly Candidate[]): Promise<void> {
  for (const candidate of candidates.toReversed()) await candidate.stop()
}
