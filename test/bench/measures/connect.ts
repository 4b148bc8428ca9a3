import pg from 'pg'
import type { CandidateName } from '../candidates/candidate.ts'
import { startCandidates, stopCandidates } from '../candidates/index.ts'
import { startDelay } from '../delay.ts'
import { psql } from '../psql.ts'
import { inTurns, type Stage } from '../stage.ts'

/** Milliseconds of a round trip where the gateway is far. */
export const roundTrip = 40
export const connectPoints = { driver: 'connect', near: 'psql', far: 'psql, far' } as const
/** That begin behind a network: with the two ends of a chain on two sides of it. */
const distant: readonly CandidateName[] = ['pgbouncer', 'bare', 'tunnel', 'hoop']
const turns = 8

/** A new connection and its first answer: by a driver here, and by psql here and far away, whose difference is the round trips. */
export async function measureConnect(stage: Stage): Promise<void> {
  const { candidates, sample, rounds, figures } = stage
  await inTurns(candidates, rounds * turns, async ({ name, url }) => {
    figures.add({ point: connectPoints.driver, candidate: name, figures: { ms: await connectByDriver(url) }, statements: 1 })
  })
  const network = new AsyncDisposableStack()
  const way = async (port: number) => {
    const delay = await startDelay(port, roundTrip / 2)
    network.defer(() => delay.stop())
    return delay.port
  }
  const names = candidates.map(({ name }) => name).filter((name) => distant.includes(name))
  const far = await startCandidates(sample, names, way)
  try {
    const near = candidates.map((candidate) => ({ candidate, point: connectPoints.near }))
    const all = [...near, ...far.map((candidate) => ({ candidate, point: connectPoints.far }))]
    await inTurns(all, rounds * turns, async ({ candidate: { name, url }, point }) => {
      const ms = await psql({ url, statement: 'SELECT 1', application: point })
      figures.add({ point, candidate: name, figures: { ms }, statements: 1 })
    })
    for (const candidate of far) await figures.count(candidate, [connectPoints.far])
  } finally {
    await stopCandidates(far)
    await network.disposeAsync()
  }
}

async function connectByDriver(url: string): Promise<number> {
  const began = performance.now()
  const client = new pg.Client({ connectionString: url, application_name: connectPoints.driver })
  try {
    await client.connect()
    await client.query('SELECT 1')
    return performance.now() - began
  } finally {
    await client.end()
  }
}
