import { connect as dial } from 'node:net'
import { write } from '../../../packages/protocols/src/postgres/codec.ts'
import { WireClient } from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import { type MaskedWay, type Masking, startMaskedWays } from '../candidates/masked.ts'
import { processorTime } from '../processor-time.ts'
import { psql } from '../psql.ts'
import { inTurns, type Stage } from '../stage.ts'

export const bulkRows = 500_000
export const bulkFormats = ['text', 'binary'] as const
type Format = (typeof bulkFormats)[number]

/** Also the name that the application logs in under. */
export function bulkPoint(format: Format, masking: Masking): string {
  return `${bulkRows} rows, ${format}, masked: ${masking}`
}

const table = `CREATE UNLOGGED TABLE bench_bulk AS SELECT i::bigint AS id, md5(i::text)::uuid AS reference, 'Customer No. ' || i AS full_name,
  'customer' || i || '@example.com' AS email, '+49 30 ' || 1000000 + i AS phone, 'Newtown upon Tyne' AS city,
  (i % 100000 / 100.0)::numeric(10, 2) AS amount, i % 3 = 0 AS active, timestamptz '2026-01-01' + i * interval '1 minute' AS created_at,
  'delivered to the neighbour, who asked for it' AS note FROM generate_series(1, ${bulkRows}) i`
const masked = 'public.bench_bulk.{email,phone}'
const select = 'SELECT * FROM bench_bulk'

/** One turn of one way. */
interface Turn {
  readonly way: Pick<MaskedWay, 'url' | 'pids' | 'masking'>
  readonly format: Format
  readonly candidate: 'direct' | 'bare' | 'hoop'
}

/** Many rows of ten columns of the ordinary types, as they are, with two columns masked by name, and with detectors on all of them. */
export async function measureBulk({ sample, candidates, figures, rounds }: Stage): Promise<void> {
  const [direct] = candidates
  if (direct === undefined || !candidates.some(({ name }) => name === 'hoop')) return
  const prepare = (statement: string) => psql({ url: direct.url, statement, application: 'bench' })
  await prepare(table)
  const { ways, stop } = await startMaskedWays(sample, masked)
  try {
    const plain = candidates.flatMap(({ name, url, programs }) =>
      name === 'direct' || name === 'bare'
        ? [{ candidate: name, way: { url, pids: Object.values(programs), masking: 'none' as const } }]
        : [],
    )
    const all = [...plain, ...ways.map((way) => ({ candidate: 'hoop' as const, way }))]
    const turns = bulkFormats.flatMap((format) => all.map((each): Turn => ({ ...each, format })))
    await inTurns(turns, 1, (turn) => measure(turn, `warm-up, ${bulkPoint(turn.format, turn.way.masking)}`))
    await inTurns(turns, rounds, (turn) => measure(turn, bulkPoint(turn.format, turn.way.masking)))
    for (const { masking, recorded } of ways) {
      const points = bulkFormats.map((format) => bulkPoint(format, masking))
      await figures.count(
        { name: 'hoop', recorded },
        points.flatMap((point) => [point, `warm-up, ${point}`]),
      )
    }
  } finally {
    await stop()
    await prepare('DROP TABLE bench_bulk')
  }

  async function measure({ candidate, way: { url, pids }, format }: Turn, point: string) {
    const client = await logIn(url, point)
    const before = await processorTime(pids)
    const began = performance.now()
    await takeAll(client, format)
    const seconds = (performance.now() - began) / 1000
    const processor = ((await processorTime(pids)) - before) / 1e6
    client.stream.destroy()
    figures.add({ point, candidate, figures: { seconds, processor }, statements: 1 })
  }
}

async function logIn(url: string, application: string): Promise<WireClient> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const client = new WireClient(dial({ host: hostname, port: Number(port), noDelay: true }))
  const parameters = { user: username, database: pathname.slice(1), application_name: application }
  await client.logIn(parameters, decodeURIComponent(password))
  return client
}

const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])
const commandComplete = Buffer.from(`SELECT ${bulkRows}\0`)

/** Asks for all rows, and looks at nothing of what comes but its end: the client is to cost as little as it can. */
async function takeAll({ stream }: WireClient, format: Format): Promise<void> {
  stream.removeAllListeners('data')
  const request = [
    write.parse({ name: '', text: select, parameterTypes: [] }),
    write.bind({
      ...{ portal: '', statement: '', parameterFormats: [], parameters: [] },
      resultFormats: [bulkFormats.indexOf(format)],
    }),
    write.describe({ kind: 'P', name: '' }),
    write.execute({ portal: '', maxRows: 0 }),
    write.sync(),
  ]
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let tail: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    tail = chunk.length < 64 ? Buffer.concat([tail.subarray(-64), chunk]) : chunk
    if (!tail.subarray(-readyForQuery.length).equals(readyForQuery)) return
    if (tail.includes(commandComplete)) resolve()
    else reject(new Error(`the result ended without ${bulkRows} rows`))
  })
  stream.once('close', () => reject(new Error('the stream ended within the result')))
  stream.write(Buffer.concat(request))
  await promise
}
