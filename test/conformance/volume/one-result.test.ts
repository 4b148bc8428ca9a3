import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { dataOf } from '@hoop/recording'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connect, keepUntilEnd, type System, startConnect, startSystem } from '../../support/index.ts'
import { flawsOf, operationsOf, readEvents } from '../../support/recorded.ts'

const keep = keepUntilEnd(afterAll)
const reader = fileURLToPath(new URL('read-through.ts', import.meta.url))
const megabyte = 1024 * 1024
const rowCount = 102_400
const valueLength = 10_240
let system: System
let connect: Connect

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
})

/** Resident memory of a process in MB. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
async function residentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

/** What an idle process has grown by is its buffers and not yet collected garbage, which a bound holds from the first row on; a leak goes on growing. */
function expectFlat(name: string, idle: number, samples: readonly number[]): void {
  const quarter = Math.floor(samples.length / 4)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const growth = mean(samples.slice(-quarter)) - mean(samples.slice(quarter, 2 * quarter))
  expect(Math.max(...samples) - idle, `the most that ${name} took at any time, in MB beyond what it has when idle`).toBeLessThan(
    200,
  )
  expect(growth, `what ${name} grew by, in MB`).toBeLessThan(60)
}

test('a result of 1 GB passes in flat memory, and the record holds it whole', async () => {
  const samples: Record<'gateway' | 'connect', number[]> = { gateway: [], connect: [] }
  const text = `select n, repeat(md5(n::text), ${valueLength / 32}) as value from generate_series(1, ${rowCount}) n`
  const idle = { gateway: await residentMemory(system.gateway.pid), connect: await residentMemory(connect.program.pid) }
  // In a process of its own: reading 1 GB leaves no time to look at a clock.
  const reading = execa(process.execPath, [reader, connect.url, text])
  let over = false
  const sampling = (async () => {
    while (!over) {
      samples.gateway.push(await residentMemory(system.gateway.pid))
      samples.connect.push(await residentMemory(connect.program.pid))
      await delay(20)
    }
  })()
  const { stdout } = await reading.finally(() => {
    over = true
  })
  await sampling
  await connect.stop()
  expect(JSON.parse(stdout)).toEqual({ rows: rowCount, bytes: rowCount * valueLength, inOrder: true })
  expectFlat('the gateway', idle.gateway, samples.gateway)
  expectFlat('hoop connect', idle.connect, samples.connect)

  const record = join(system.gateway.records, connect.session)
  expect(await flawsOf(record, true)).toEqual([])
  const events = await readEvents(record)
  const [asked] = operationsOf(connect.session, events).filter(({ operation }) => operation.by === 'caller')
  expect(asked?.outcome).toMatchObject({ kind: 'done', rows: rowCount, tag: `SELECT ${rowCount}` })
  const ofIt = events.filter((event) => 'operation' in event && event.operation === asked?.operation.id)
  const recorded = ofIt.reduce((sum, event) => sum + (dataOf(event)?.length ?? 0), 0)
  expect(recorded).toBe(resultLength(rowCount))
  expect(recorded).toBeGreaterThan(1000 * megabyte)
})

/** Bytes of RowDescription, of a DataRow for each number, and of CommandComplete. */
function resultLength(rows: number): number {
  const column = (name: string) => name.length + 1 + 18
  const description = 1 + 4 + 2 + column('n') + column('value')
  let length = description + 1 + 4 + `SELECT ${rows}`.length + 1
  for (let n = 1; n <= rows; n++) length += 1 + 4 + 2 + 4 + String(n).length + 4 + valueLength
  return length
}
