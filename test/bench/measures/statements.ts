import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Load, pgbench } from '../pgbench.ts'
import { inTurns, type Stage } from '../stage.ts'

export const customers = 50_000
export const modes = ['simple', 'prepared'] as const
/** Seconds of each candidate in each mode before anything is measured. */
const warmUp = 6
export const clientCounts = [1, 8, 64] as const

export function statementsPoint(mode: string, clients: number): string {
  return `${mode}, ${clients} client${clients === 1 ? '' : 's'}`
}

/** Point look-ups: in the simple protocol every text another, in the prepared one the same statement with another value. */
export async function measureStatements({ sample, candidates, figures, rounds, seconds, folder }: Stage): Promise<void> {
  const script = join(folder, 'select.sql')
  await writeFile(script, `\\set id random(1, ${customers})\nSELECT full_name, city FROM customers WHERE id = :id;\n`)
  const measure = (point: string, times: number, load: Pick<Load, 'mode' | 'clients' | 'seconds'>) =>
    inTurns(candidates, times, async ({ name, url, programs }) => {
      const pids = Object.values(programs)
      const { statements, ...found } = await pgbench({ ...load, sample, url, script, application: point, pids })
      figures.add({ point, candidate: name, figures: found, statements })
    })
  for (const mode of modes) {
    // What runs for weeks is compiled: its first seconds are counted, and shown nowhere.
    await measure(`warm-up, ${mode}`, 1, { mode, clients: 8, seconds: warmUp })
    for (const clients of clientCounts) await measure(statementsPoint(mode, clients), rounds, { mode, clients, seconds })
  }
}
