import { join } from 'node:path'
import { psql } from '../psql.ts'
import { inTurns, type Stage } from '../stage.ts'

const lineBytes = 500
const lines = 600_000
export const copyMegabytes = (lines * lineBytes) / 1e6
export const copyPoints = { out: 'COPY out', in: 'COPY in', masked: 'COPY out of a masked column' } as const

const statements = {
  out: `COPY (SELECT lpad(i::text, ${lineBytes - 1}, 'x') FROM generate_series(1, ${lines}) i) TO STDOUT`,
  in: 'COPY bench_lines FROM STDIN',
  masked:
    'COPY (SELECT c.id, k.card_number, c.full_name FROM cards k JOIN customers c ON c.id = k.customer_id CROSS JOIN generate_series(1, 20)) TO STDOUT',
} as const

/** Bulk in both directions, and rows of which one value each is rewritten. */
export async function measureCopy({ candidates, figures, rounds, folder }: Stage): Promise<void> {
  const [direct] = candidates
  if (direct === undefined) return
  const prepare = (statement: string, output?: string) =>
    psql({ url: direct.url, statement, application: 'bench', ...(output === undefined ? {} : { output }) })
  const file = join(folder, 'lines')
  await prepare('CREATE UNLOGGED TABLE bench_lines (line text)')
  await prepare(statements.out, file)
  for (const kind of ['out', 'in', 'masked'] as const) {
    const point = copyPoints[kind]
    await inTurns(candidates, rounds, async ({ name, url }) => {
      if (kind === 'in') await prepare('TRUNCATE bench_lines')
      const input = kind === 'in' ? { input: file } : {}
      const took = await psql({ url, statement: statements[kind], application: point, ...input })
      figures.add({ point, candidate: name, figures: { seconds: took / 1000 }, statements: 1 })
    })
  }
  await prepare('DROP TABLE bench_lines')
}
