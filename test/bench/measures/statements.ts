import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pgbench } from '../pgbench.ts'
import { inTurns, type Stage } from '../stage.ts'

export const customers = 50_000
export const modes = ['simple', 'prepared'] as const
export const clientCounts = [1, 8, 64] as const

export function statementsPoint(mode: string, clients: number): string {
  return `${mode}, ${clients} client${clients === 1 ? '' : 's'}`
}

/** Point look-ups: in the simple protocol every text another, in the prepared one the same statement with another value. */
export async function measureStatements({ sample, candidates, figures, rounds, seconds, folder }: Stage): Promise<void> {
  const script = join(folder, 'select.sql')
  await writeFile(script, `\\set id random(1, ${customers})\nSELECT full_name, city FROM customers WHERE id = :id;\n`)
  for (const mode of modes) {
    for (const clients of clientCounts) {
      const point = statementsPoint(mode, clients)
      await inTurns(candidates, rounds, async ({ name, url, programs }) => {
        const pids = Object.values(programs)
        const { statements, ...found } = await pgbench({ sample, url, script, mode, clients, seconds, application: point, pids })
        figures.add({ point, candidate: name, figures: found, statements })
      })
    }
  }
}
