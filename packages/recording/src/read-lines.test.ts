import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRecord, readLines, type SessionRecord } from './index.ts'
import { linesOf, operation } from './testing/fixtures.ts'

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'hoop-read-')), 'ses_1')
})
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))

const open = (segmentBytes = 20_000) =>
  openRecord({ folder, session: 'ses_1', durability: 'ordered', results: 'full', segmentBytes })

async function follow(record: SessionRecord, after: number, pause = false): Promise<string[]> {
  const lines: string[] = []
  for await (const line of readLines(folder, { after, follow: true, live: record })) {
    lines.push(line)
    if (pause) await setImmediate()
  }
  return lines
}

test('following reads every line exactly once while they are written, over segments, fast and slow, from anywhere', async () => {
  const record = open()
  const followers = [follow(record, -1), follow(record, 100), follow(record, -1, true)]
  for (let index = 0; index < 1500; index++) {
    record.append(operation(`op_${index}`), operation(`op_${index}`))
    if (index % 7 === 0) await setImmediate()
    if (index === 700) followers.push(follow(record, -1), follow(record, 1234), follow(record, 9999))
  }
  await record.close('done')
  followers.push(follow(record, -1))
  const whole = await linesOf(folder)
  expect(record.position.segment).toBeGreaterThan(10)
  expect(whole).toHaveLength(record.head.seq + 1)
  const read = await Promise.all(followers)
  const expected = [0, 101, 0, 0, 1235, 10_000, 0].map((from) => whole.slice(from))
  for (const [index, lines] of read.entries()) expect(lines).toEqual(expected[index])
})

test('following from a line that is not written yet begins behind it', async () => {
  const record = open()
  const following = follow(record, 40)
  for (let index = 0; index < 60; index++) {
    record.append(operation(`op_${index}`))
    await setImmediate()
    if (index % 20 === 0) await setTimeout(60)
  }
  await record.close('done')
  expect(await following).toEqual((await linesOf(folder)).slice(41))
})

test('reading without following ends at what is written', async () => {
  const record = open()
  record.append(operation('op_1'))
  const lines: string[] = []
  for await (const line of readLines(folder, { after: -1, follow: false, live: record })) lines.push(line)
  expect(lines).toHaveLength(2)
  await record.close('done')
})

test('following ends quietly when its signal aborts, waiting or not', async () => {
  const record = open()
  const stop = new AbortController()
  const lines: string[] = []
  const reading = (async () => {
    for await (const line of readLines(folder, { after: -1, follow: true, live: record, signal: stop.signal })) {
      lines.push(line)
      stop.abort()
    }
  })()
  await reading
  expect(lines).toHaveLength(1)

  const later = new AbortController()
  const iterator = readLines(folder, { after: 0, follow: true, live: record, signal: later.signal })
  const next = iterator.next()
  await setImmediate()
  later.abort()
  expect(await next).toEqual({ done: true, value: undefined })
  await record.close('done')
})

test('a record that is not there is an error, not an empty one', async () => {
  await expect(linesOf(join(folder, 'nothing'))).rejects.toThrow('There is no record at')
  const record = open(10)
  for (let index = 0; index < 5; index++) record.append(operation('op_1'))
  await record.close('done')
  await rm(join(folder, '000002'), { recursive: true })
  await expect(linesOf(folder)).rejects.toThrow('Segment 2 of the record at')
})
