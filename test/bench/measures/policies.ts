import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Candidate, noWay } from '../candidates/candidate.ts'
import { startHoop } from '../candidates/hoop.ts'
import { companyPolicies } from '../candidates/policies.ts'
import { type Load, pgbench } from '../pgbench.ts'
import { inTurns, type Stage } from '../stage.ts'
import { customers } from './statements.ts'

/** All of them are hoop's: with the demo's policies alone, and with a company's beside them. */
export const policyPoints = {
  without: 'repeated, no more policies',
  with: 'repeated, more policies',
  known: '1 KB, seen before',
  unseen: '1 KB, never seen',
} as const
export const policyClients = 8
/** Seconds of each before anything is measured. */
const warmUp = 4

/** Of 1 KB, by a key; `n` makes it a statement that nobody has sent, not by its constants alone. */
const large = (
  n: string,
) => `SELECT c.full_name AS "name of the customer ${n}", c.city || ', ' || c.country AS "where the customer lives",
       o.id AS "number of the order", o.status AS "status of the order", date_trunc('day', o.placed_at) AS "day of the order",
       CASE WHEN o.status = 'shipped' THEN 'under way' WHEN o.status IN ('cancelled', 'returned', 'refunded') THEN 'over' ELSE 'open' END AS "state",
       (SELECT count(*) FROM order_items i WHERE i.order_id = o.id AND i.quantity > 0) AS "lines of the order",
       (SELECT coalesce(sum(i.quantity * i.unit_cents), 0) / 100.0 FROM order_items i WHERE i.order_id = o.id) AS "amount of the order"
FROM customers c
LEFT JOIN orders o ON o.customer_id = c.id AND o.placed_at > '2020-01-01' AND o.status NOT IN ('draft', 'test', 'deleted')
LEFT JOIN cards k ON k.customer_id = c.id AND k.expires > '2021-01-01' AND k.network IN ('visa', 'mastercard', 'amex')
WHERE c.id = 4711 AND c.created_at < '2099-01-01' AND (c.country <> 'XX' OR c.city <> 'nowhere')
ORDER BY o.placed_at DESC NULLS LAST, o.id LIMIT 3;
`

/** What judging costs through the whole system: a statement that comes again, and one that never came before. */
export async function measurePolicies({ sample, candidates, figures, rounds, seconds, folder }: Stage): Promise<void> {
  const plain = candidates.find(({ name }) => name === 'hoop')
  if (plain === undefined) return
  const script = async (name: string, text: string) => {
    const file = join(folder, name)
    await writeFile(file, text)
    return file
  }
  const byKey = await script(
    'repeated.sql',
    `\\set id random(1, ${customers})\nSELECT full_name, city FROM customers WHERE id = :id;\n`,
  )
  const known = await script('known.sql', large('1'))
  const unseen = await script('unseen.sql', `\\set n random(1, 1000000000000)\n${large(':n')}`)
  const [ruled] = await startHoop(sample, noWay, ['hoop'], companyPolicies())
  if (ruled === undefined) return
  try {
    const repeated = { script: byKey, mode: 'prepared', clients: policyClients } as const
    const single = { mode: 'simple', clients: 1 } as const
    const turns = [
      { candidate: plain, point: policyPoints.without, load: repeated },
      { candidate: ruled, point: policyPoints.with, load: repeated },
      { candidate: ruled, point: policyPoints.known, load: { script: known, ...single } },
      { candidate: ruled, point: policyPoints.unseen, load: { script: unseen, ...single } },
    ]
    await inTurns(turns, 1, ({ candidate, point, load }) => measure(candidate, `warm-up, ${point}`, { ...load, seconds: warmUp }))
    await inTurns(turns, rounds, ({ candidate, point, load }) => measure(candidate, point, { ...load, seconds }))
    await figures.count(
      ruled,
      figures.points('hoop').filter((point) => turns.some((turn) => turn.candidate === ruled && point.endsWith(turn.point))),
    )
  } finally {
    await ruled.stop()
  }

  async function measure(
    { name, url, programs }: Candidate,
    point: string,
    load: Pick<Load, 'script' | 'mode' | 'clients' | 'seconds'>,
  ) {
    const pids = Object.values(programs)
    const { statements, ...found } = await pgbench({ ...load, sample, url, application: point, pids })
    figures.add({ point, candidate: name, figures: found, statements })
  }
}
