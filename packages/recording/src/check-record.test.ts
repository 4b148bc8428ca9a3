import { appendFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkRecord, openRecord, readData } from './index.ts'
import { eventsOf, operation, outcome } from './testing/fixtures.ts'

let folder: string
let events: string
let data: string
/** The lines of segment 1, of 3. */
let lines: string[]

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'hoop-check-')), 'ses_1')
  const record = openRecord({ folder, session: 'ses_1', durability: 'ordered', results: 'full', segmentBytes: 6000 })
  for (let index = 0; record.position.segment < 2 || index % 4 !== 0; index++) {
    record.append(operation(`op_${index}`))
    const pieces = [Buffer.alloc(50, index)]
    record.append({ type: 'last', outcome: outcome(`op_${index}`), pieces })
    record.append({ type: 'chunk', operation: `op_${index}`, way: 'up', pieces }, outcome(`op_${index}`))
  }
  await record.close('done')
  events = join(folder, '000001/events.ndjson')
  data = join(folder, '000001/data')
  lines = (await readFile(events, 'utf8')).trimEnd().split('\n')
  expect(await checkRecord(folder)).toMatchObject({ ok: true, closed: true })
})
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))

async function firstProblem(): Promise<string> {
  const { ok, problems } = await checkRecord(folder)
  expect(ok).toBe(problems.length === 0)
  const [first] = problems
  return first === undefined
    ? 'none'
    : `segment ${first.segment}${first.line === null ? '' : ` line ${first.line}`} ${first.words}`
}
const write = (changed: readonly string[]) => writeFile(events, `${changed.join('\n')}\n`)

test('an altered line', async () => {
  const at = lines.findIndex((line) => line.includes('SELECT'))
  await write(lines.with(at, lines[at]!.replace('SELECT', 'DELETE')))
  expect(await firstProblem()).toBe(
    `segment 1 line ${at + 2} does not carry the hash of the line before it: that line is not the one that was written before this`,
  )
})

test('a dropped, inserted, doubled and moved line', async () => {
  await write(lines.toSpliced(5, 1))
  expect(await firstProblem()).toMatch(/^segment 1 line 6 has number \d+ where \d+ follows: lines were dropped/)
  await write(lines.toSpliced(5, 0, lines[3]!))
  expect(await firstProblem()).toMatch(/^segment 1 line 6 has number/)
  await write(lines.toSpliced(5, 0, lines[5]!))
  expect(await firstProblem()).toMatch(/^segment 1 line 7 has number/)
  await write(lines.with(5, lines[6]!).with(6, lines[5]!))
  expect(await firstProblem()).toMatch(/^segment 1 line 6 has number/)
})

test('lines cut from the end of a segment that another follows', async () => {
  await write(lines.slice(0, -1))
  expect(await firstProblem()).toMatch(/^segment 2 line 1 has number/)
})

test('lines cut from the end of the record: it is not closed any more', async () => {
  const last = join(folder, '000002/events.ndjson')
  const kept = (await readFile(last, 'utf8')).trimEnd().split('\n').slice(0, -1)
  await writeFile(last, `${kept.join('\n')}\n`)
  expect(await checkRecord(folder)).toMatchObject({ closed: false })
})

test('a line after the end', async () => {
  await appendFile(join(folder, '000002/events.ndjson'), `${lines[5]}\n`)
  const { problems } = await checkRecord(folder)
  expect(problems.map(({ words }) => words)).toContain('stands after the end of the session')
})

test('an unfinished line, and one that is no event', async () => {
  await appendFile(join(folder, '000002/events.ndjson'), '{"seq":')
  expect(await firstProblem()).toMatch(/^segment 2 line \d+ is unfinished, after 7 bytes$/)
  await write(lines.with(3, '{"seq":1}'))
  expect(await firstProblem()).toBe('segment 1 line 4 is not an event of this format')
})

test('an altered, cut and lengthened data file', async () => {
  const bytes = await readFile(data)
  await writeFile(data, bytes.with(60, bytes[60]! ^ 1))
  expect(await firstProblem()).toMatch(/^segment 1 line \d+ names data that was altered$/)
  await writeFile(data, bytes.subarray(0, -1))
  expect(await firstProblem()).toMatch(/^segment 1 line \d+ names data that is missing$/)
  await writeFile(data, Buffer.concat([bytes, Buffer.from('more')]))
  expect(await firstProblem()).toBe('segment 1 has 4 bytes of data that no line names')
  const chunk = (await eventsOf(folder)).findLast((event) => event.type === 'chunk')!
  await truncate(join(folder, '000002/data'), chunk.data.offset + 1)
  await expect(readData(folder, chunk.data)).rejects.toThrow('ends before the chunk')
})

test('an altered chunk is not read back', async () => {
  const chunk = (await eventsOf(folder)).find((event) => event.type === 'chunk' && event.data.segment === 1)!
  if (chunk.type !== 'chunk') throw new Error('no chunk')
  await writeFile(data, (await readFile(data)).fill(255))
  await expect(readData(folder, chunk.data)).rejects.toThrow(/was altered/)
})

test('a missing segment, file and record', async () => {
  await rm(data)
  expect(await firstProblem()).toBe('segment 1 has no data')
  await rm(events)
  expect(await firstProblem()).toBe('segment 1 has no events.ndjson')
  await rm(join(folder, '000001'), { recursive: true })
  expect(await firstProblem()).toBe('segment 1 is missing')
  await expect(checkRecord(join(folder, 'nothing'))).rejects.toThrow('There is no record at')
})

test('a segment of another place', async () => {
  await rename(join(folder, '000002'), join(folder, '000003'))
  expect(await firstProblem()).toBe('segment 2 is missing')
  await rename(join(folder, '000001'), join(folder, '000002'))
  const { problems } = await checkRecord(folder)
  expect(problems).toContainEqual({ segment: 2, line: 1, words: 'opens segment 1 of session ses_1, which is not here' })
})

test('any changed byte of any line but the last', async () => {
  const original = await readFile(events)
  await fc.assert(
    fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      await writeFile(events, original.with(at, original[at]! ^ change))
      expect((await checkRecord(folder)).ok).toBe(false)
    }),
    { numRuns: 150 },
  )
})
