import { appendFile, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkRecord, openRecord, RecordError, recoverRecord } from './index.ts'
import { eventsOf, linesOf, operation, outcome } from './testing/fixtures.ts'

let folder: string
let events: string
let data: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'hoop-recover-')), 'ses_1')
  events = join(folder, '000000/events.ndjson')
  data = join(folder, '000000/data')
})
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))

/** The files of a record that was never closed. */
async function leftBehind(): Promise<{ whole: Buffer; data: Buffer }> {
  const record = openRecord({ folder, session: 'ses_1', durability: 'ordered', results: 'full' })
  record.append(operation('op_1'))
  record.append({ type: 'chunk', operation: 'op_1', way: 'down', pieces: [Buffer.alloc(70)] }, outcome('op_1'))
  const files = { whole: await readFile(events), data: await readFile(data) }
  await record.close('done')
  await writeFile(events, files.whole)
  return files
}

test('a line torn at any byte is cut, and the record closed with words that say so', async () => {
  const { whole } = await leftBehind()
  const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1
  for (let end = lastLine; end < whole.length; end++) {
    await writeFile(events, whole.subarray(0, end))
    const cut = end - lastLine
    expect(await recoverRecord(folder, 'the gateway was killed')).toMatchObject({ wasClosed: false, cut, unreferenced: 0 })
    const closed = (await eventsOf(folder)).at(-1)
    const words = cut === 0 ? 'the gateway was killed' : `the gateway was killed; ${cut} bytes of an unfinished line were cut`
    expect(closed).toMatchObject({ type: 'session.closed', words, recovered: { cut, unreferenced: 0 } })
    expect(await checkRecord(folder)).toMatchObject({ ok: true, closed: true, events: 4 })
  }
})

test('the very first line torn at any byte', async () => {
  const { whole } = await leftBehind()
  const first = whole.indexOf('\n')
  for (let end = 0; end <= first; end++) {
    await writeFile(events, whole.subarray(0, end))
    await writeFile(data, '')
    expect(await recoverRecord(folder, 'killed')).toMatchObject({ cut: end })
    expect((await eventsOf(folder)).map(({ type }) => type)).toEqual(['segment.opened', 'session.closed'])
    expect(await checkRecord(folder)).toMatchObject({ ok: true, closed: true })
  }
})

test('killed between the folders and files of a new record or segment', async () => {
  await mkdir(folder)
  await recoverRecord(folder, 'killed')
  expect(await checkRecord(folder)).toMatchObject({ ok: true, closed: true, events: 2 })
  expect((await eventsOf(folder))[0]).toMatchObject({ session: 'ses_1' })

  await rm(folder, { recursive: true })
  await leftBehind()
  await mkdir(join(folder, '000001'))
  await recoverRecord(folder, 'killed')
  expect(await checkRecord(folder)).toMatchObject({ ok: true, closed: true, events: 6 })
  expect((await stat(join(folder, '000001/data'))).size).toBe(0)
})

test('data that no line names is kept, and said', async () => {
  await leftBehind()
  await appendFile(data, 'written ahead')
  expect(await recoverRecord(folder, 'killed')).toMatchObject({ cut: 0, unreferenced: 13 })
  expect((await eventsOf(folder)).at(-1)).toMatchObject({ words: 'killed; 13 bytes of data belong to no line' })
  expect((await stat(data)).size).toBe(83)
  expect(await checkRecord(folder)).toMatchObject({ ok: true, closed: true })
  await appendFile(data, '!')
  expect(await checkRecord(folder)).toMatchObject({ ok: false })
})

test('data that lines name and a loss of power took', async () => {
  await leftBehind()
  await truncate(data, 40)
  await recoverRecord(folder, 'killed')
  expect((await eventsOf(folder)).at(-1)).toMatchObject({ words: 'killed; 30 bytes of data are missing' })
  expect(await checkRecord(folder)).toMatchObject({ ok: false, closed: true })
})

test('a closed record stays as it is', async () => {
  await leftBehind()
  await recoverRecord(folder, 'killed')
  const lines = await linesOf(folder)
  expect(await recoverRecord(folder, 'again')).toMatchObject({ wasClosed: true, cut: 0 })
  expect(await linesOf(folder)).toEqual(lines)
})

test('a chain that does not hold is not closed over', async () => {
  const { whole } = await leftBehind()
  const altered = Buffer.from(whole.toString().replace('SELECT', 'DELETE'))
  await writeFile(events, altered)
  await expect(recoverRecord(folder, 'killed')).rejects.toThrow(RecordError)
  await expect(recoverRecord(folder, 'killed')).rejects.toThrow(/does not carry the hash of the line before it/)
  expect(await readFile(events)).toEqual(altered)
  await expect(recoverRecord(join(folder, 'nothing'), 'killed')).rejects.toThrow('There is no record')
})

test('a record of digests only has no data to miss', async () => {
  const record = openRecord({ folder, session: 'ses_1', durability: 'ordered', results: 'digest' })
  record.append({ type: 'chunk', operation: 'op_1', way: 'down', pieces: [Buffer.alloc(70)] })
  const left = await readFile(events)
  await record.close('done')
  await writeFile(events, left)
  await recoverRecord(folder, 'killed')
  expect((await eventsOf(folder)).at(-1)).toMatchObject({ words: 'killed', recovered: { cut: 0, unreferenced: 0 } })
})
