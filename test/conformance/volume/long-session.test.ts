import { join } from 'node:path'
import { checkRecord, dataOf, readBatches, readData } from '@hoop/recording'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RawCaller } from '../../e2e/security-caller.ts'
import { type Connect, keepUntilEnd, type System, startConnect, startSystem } from '../../support/index.ts'
import { processorTime, residentMemory } from './processes.ts'

const keep = keepUntilEnd(afterAll)
const slices = 8
const statementsEach = 625
const textBytes = 4000
const resultBytes = 192_000
const megabyte = 2 ** 20
const spent: number[] = []
let system: System
let connect: Connect
let record: string

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
  record = join(system.gateway.records, connect.session)
  const client = new pg.Client(connect.url)
  await client.connect()
  // The first part is warm-up and counts only for the record.
  for (let slice = 0; slice <= slices; slice++) {
    const before = await processorTime(system.gateway.pid)
    for (let n = 0; n < statementsEach; n++) {
      const filler = `${slice}.${n} `.padEnd(textBytes, 'x')
      await client.query(`select '${filler}' as asked, repeat(md5('${n}'), ${resultBytes / 32}) as answered`)
    }
    spent.push((await processorTime(system.gateway.pid)) - before)
  }
  await client.end()
}, 300_000)

test('a statement costs the same after 1 GB as at the beginning', () => {
  const [first = 0, ...rest] = spent.slice(1)
  expect(rest).toHaveLength(slices - 1)
  const last = rest.slice(-3).reduce((sum, each) => sum + each, 0) / 3
  expect(last / first, `processor time of each ${statementsEach} statements in ms: ${spent.join(', ')}`).toBeLessThan(1.4)
})

test('it is read while the session is open, in flat memory on either side', async () => {
  const { id, body } = await readLive()
  expect(id).toBe(connect.session)
  expect(body).toBeGreaterThan(spent.length * statementsEach * textBytes)
})

/** All events of the live session as the API streams them, by one who may. */
async function readLive(): Promise<{ id: string; body: number }> {
  const auditor = await RawCaller.from(system, 'otto')
  const idle = await residentMemory(system.gateway.pid)
  const path = `/v1/sessions/${connect.session}/events`
  const answer = await fetch(`${auditor.url}${path}`, { headers: await auditor.headers('GET', path) })
  expect(answer.status).toBe(200)
  let body = 0
  let most = idle
  for await (const chunk of answer.body ?? []) {
    body += chunk.length
    most = Math.max(most, await residentMemory(system.gateway.pid))
  }
  expect(most - idle, 'what reading took in the gateway, in MB').toBeLessThan(100)
  return { id: connect.session, body }
}

test('more than 1 GB stands in segments, whole: chain, chunks and every statement', async () => {
  await connect.stop()
  const idle = process.memoryUsage().rss
  let most = 0
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 20)
  const check = await checkRecord(record)
  expect(check).toMatchObject({ ok: true, closed: true, problems: [] })
  let [operations, bytes, segments] = [0, 0, 0]
  for await (const lines of readBatches(record, { after: -1, follow: false })) {
    for (const line of lines) {
      const event = JSON.parse(line)
      if (event.type === 'segment.opened') segments++
      if (event.type === 'operation' && event.by === 'caller') {
        const [slice, n] = [Math.floor(operations / statementsEach), operations % statementsEach]
        if (!event.text.startsWith(`select '${slice}.${n} x`)) throw new Error(`statement ${operations} is not on the record`)
        operations++
        bytes += event.text.length
      }
      const data = dataOf(event)
      if (data !== null) bytes += (await readData(record, data)).length
    }
  }
  clearInterval(sampling)
  expect(operations).toBe((slices + 1) * statementsEach)
  expect(bytes).toBeGreaterThan(1024 * megabyte)
  expect(segments).toBeGreaterThan(bytes / (80 * megabyte))
  expect((most - idle) / megabyte, 'what checking and reading took, in MB').toBeLessThan(200)
})
