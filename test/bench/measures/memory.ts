import { connect as dial } from 'node:net'
import { WireClient } from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import { holdings, residentMemory } from '../../conformance/volume/processes.ts'
import { backends } from '../backends.ts'
import type { Candidate } from '../candidates/candidate.ts'
import type { Stage } from '../stage.ts'

export const idleStreams = 500
export const memoryPoint = 'idle streams'
const wave = 25

/** Connections that are logged in and do nothing. Measured first: what programs have freed later hides what streams take. */
export async function measureMemory({ candidates, figures, sample }: Stage): Promise<void> {
  for (const candidate of candidates) {
    const { name, programs } = candidate
    if (Object.keys(programs).length === 0) continue
    close(await open(candidate, wave))
    await backends(sample, (count) => count === 0)
    const before = await memories(candidate)
    const clients = await open(candidate, idleStreams)
    const after = await memories(candidate)
    const lost = clients.filter(({ stream, ended }) => ended || stream.destroyed).length
    if (lost > 0) throw new Error(`${lost} of ${idleStreams} idle streams through ${name} ended by themselves`)
    const kilobytes = Object.fromEntries(
      Object.entries(after).map(([what, megabytes]) => [what, ((megabytes - (before[what] ?? 0)) * 1024) / idleStreams]),
    )
    figures.add({ point: memoryPoint, candidate: name, figures: kilobytes, statements: 0 })
    close(clients)
    await backends(sample, (count) => count === 0)
  }
}

/** MB: `gateway` in use once garbage is collected (of our own programs), `gateway, resident` what the system has given. */
async function memories({ name, programs }: Candidate): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const [program, pid] of Object.entries(programs)) {
    if (name !== 'pgbouncer') found[program] = (await holdings(pid)).memory
    found[`${program}, resident`] = await residentMemory(pid)
  }
  return found
}

async function open({ url }: Candidate, count: number): Promise<WireClient[]> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const logIn = async () => {
    const client = new WireClient(dial({ host: hostname, port: Number(port), noDelay: true }))
    const parameters = { user: username, database: pathname.slice(1), application_name: memoryPoint }
    await client.logIn(parameters, decodeURIComponent(password))
    return client
  }
  const clients: WireClient[] = []
  while (clients.length < count) clients.push(...(await Promise.all(Array.from({ length: wave }, logIn))))
  return clients
}

function close(clients: readonly WireClient[]): void {
  for (const client of clients) client.stream.destroy()
}
