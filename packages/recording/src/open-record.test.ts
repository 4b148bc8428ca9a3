import { createSecretKey } from 'node:crypto'
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RecordedEvent } from '@hoop/contracts'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from './chain.ts'
import { checkRecord, dataOf, digest, openRecord, type RecordOptions, readData } from './index.ts'
import { chunkBytes } from './layout.ts'
import { eventsOf, linesOf, operation, outcome, words } from './testing/fixtures.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hoop-record-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const options = (more: Partial<RecordOptions> = {}): RecordOptions => ({
  folder: join(home, 'ses_1'),
  session: 'ses_1',
  durability: 'ordered',
  results: 'full',
  ...more,
})

/** Files under `home` that this process holds open. */
async function openFiles(): Promise<string[]> {
  if (process.platform !== 'linux') return []
  const descriptors = await readdir('/proc/self/fd')
  const paths = await Promise.all(descriptors.map((one) => readlink(`/proc/self/fd/${one}`).catch(() => '')))
  return paths.filter((path) => path.startsWith(home))
}

describe('a record', () => {
  test('is in the file when append returns, one event a line, chained', async () => {
    const record = openRecord(options())
    record.append(operation('op_1'), operation('op_2', { by: 'hoop' }))
    const lines = (await readFile(join(record.folder, '000000/events.ndjson'), 'utf8')).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines).toHaveLength(3)
    const events = lines.map((line) => RecordedEvent.parse(JSON.parse(line)))
    expect(events.map(({ seq }) => seq)).toEqual([0, 1, 2])
    expect(events[0]).toMatchObject({
      type: 'segment.opened',
      prev: '0'.repeat(64),
      salt: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(events[1]!.prev).toBe(sha256(lines[0]!))
    expect(events[2]!.prev).toBe(sha256(lines[1]!))
    expect(record.head).toEqual({ seq: 2, hash: sha256(lines[2]!) })
    expect(record.operations).toBe(1)
    await record.close('done')
  })

  test('belongs to one account only', async () => {
    const record = openRecord(options())
    const modes = await Promise.all(
      ['', '000000', '000000/events.ndjson', '000000/data'].map((path) => stat(join(record.folder, path))),
    )
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o700, 0o600, 0o600])
    await record.close('done')
  })

  test('ends with its words, and takes nothing after', async () => {
    const record = openRecord(options({ durability: 'synced' }))
    const ends: string[] = []
    record.subscribe(
      () => {},
      () => ends.push('end'),
    )
    await Promise.all([record.close('killed by carol'), record.close('again')])
    expect(ends).toEqual(['end'])
    expect(record.ended).toBe(true)
    expect((await eventsOf(record.folder)).at(-1)).toMatchObject({ type: 'session.closed', words: 'killed by carol' })
    expect(() => record.append(operation('op_1'))).toThrow('The record of session ses_1 is closed.')
    expect(await checkRecord(record.folder)).toEqual({ ok: true, events: 2, closed: true, head: record.head, problems: [] })
  })

  test('keeps chunks in pieces, their bytes before their lines, and an outcome in the same write', async () => {
    const lines: string[] = []
    const record = openRecord(options())
    record.subscribe((written) => lines.push(...written))
    const bytes = Buffer.from(Array.from({ length: 600 * 1024 }, (_, index) => index % 251))
    record.append({ type: 'chunk', operation: 'op_1', way: 'down', pieces: [bytes] }, outcome('op_1'))
    record.append({ type: 'chunk', operation: 'op_2', way: 'up', pieces: [Buffer.from('COPY')] })
    await record.close('done')
    expect(lines).toEqual((await linesOf(record.folder)).slice(1))
    const ranges = (await eventsOf(record.folder)).flatMap((event) => (event.type === 'chunk' ? [event.data] : []))
    expect(ranges.map(({ offset, length }) => [offset, length])).toEqual([
      [0, 262_144],
      [262_144, 262_144],
      [524_288, 90_112],
      [614_400, 4],
    ])
    const pieces = await Promise.all(ranges.map((range) => readData(record.folder, range)))
    expect(Buffer.concat(pieces).equals(Buffer.concat([bytes, Buffer.from('COPY')]))).toBe(true)
  })

  test('names the last bytes of an operation in its outcome, where one chunk can hold them', async () => {
    const record = openRecord(options())
    const few = Buffer.from('a row')
    const many = Buffer.alloc(chunkBytes + 1, 7)
    record.append({ type: 'last', outcome: outcome('op_1'), pieces: [few] })
    record.append({ type: 'last', outcome: outcome('op_2'), pieces: [many] })
    record.append({ type: 'last', outcome: outcome('op_3'), pieces: [] })
    await record.close('done')
    const events = await eventsOf(record.folder)
    expect(events.slice(1, -1).map((event) => [event.type, dataOf(event)?.length])).toEqual([
      ['outcome', few.length],
      ['chunk', chunkBytes],
      ['chunk', 1],
      ['outcome', undefined],
      ['outcome', undefined],
    ])
    expect(await readData(record.folder, dataOf(events[1]!)!)).toEqual(few)
    expect(await checkRecord(record.folder)).toMatchObject({ ok: true, closed: true })
  })

  test('keeps only the digest of chunks, or nothing, where the connection says so', async () => {
    const digests = openRecord(options({ results: 'digest' }))
    digests.append({ type: 'chunk', operation: 'op_1', way: 'down', pieces: [Buffer.from('a row')] })
    await digests.close('done')
    const chunk = (await eventsOf(digests.folder))[1]
    expect(chunk).toMatchObject({ type: 'chunk', data: { offset: -1, length: 5, sha256: sha256('a row') } })
    expect((await stat(join(digests.folder, '000000/data'))).size).toBe(0)
    expect(await checkRecord(digests.folder)).toMatchObject({ ok: true, events: 3 })
    await expect(readData(digests.folder, { segment: 0, offset: -1, length: 5, sha256: '' })).rejects.toThrow('Only the digest')

    const nothing = openRecord(options({ results: 'none', folder: join(home, 'ses_2') }))
    nothing.append({ type: 'chunk', operation: 'op_1', way: 'down', pieces: [Buffer.from('a row')] })
    await nothing.close('done')
    expect((await eventsOf(nothing.folder)).map(({ type }) => type)).toEqual(['segment.opened', 'session.closed'])
  })

  test('goes on in a new segment at a line border, in one chain', async () => {
    const record = openRecord(options({ segmentBytes: 4096 }))
    for (let index = 0; index < 40; index++) {
      record.append(operation(`op_${index}`))
      record.append({ type: 'chunk', operation: `op_${index}`, way: 'down', pieces: [Buffer.alloc(1000, index)] })
    }
    expect(process.platform !== 'linux' || (await openFiles()).length >= 2).toBe(true)
    await record.close('done')
    const events = await eventsOf(record.folder)
    const opened = events.filter((event) => event.type === 'segment.opened')
    expect(opened.length).toBeGreaterThan(5)
    expect(opened.map(({ segment }) => segment)).toEqual(opened.map((_, index) => index))
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index))
    expect(await checkRecord(record.folder)).toMatchObject({ ok: true, closed: true, events: events.length })
    for (const event of events) if (event.type === 'chunk') await readData(record.folder, event.data)
    expect(await openFiles()).toEqual([])
    const whole = await linesOf(record.folder)
    for (const after of [0, 1, 17, events.length - 2, events.length + 5]) {
      expect(await linesOf(record.folder, after)).toEqual(whole.slice(after + 1))
    }
  })

  test('holds a statement of 10 MiB whole', async () => {
    const text = `SELECT '${'ü"\n\u2028\u0000'.repeat((10 * 1024 * 1024) / 8)}'`
    const record = openRecord(options())
    record.append(operation('op_1', { text }))
    await record.close('done')
    expect((await eventsOf(record.folder))[1]).toMatchObject({ text })
    expect(await checkRecord(record.folder)).toMatchObject({ ok: true })
  })

  test('holds any text, chunk and order of entries, and reads back the same', async () => {
    const entry = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => operation('op_1', { text })),
      fc
        .array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 4 })
        .map((pieces) => ({ type: 'chunk' as const, operation: 'op_1', way: 'down' as const, pieces })),
      fc
        .tuple(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 4 }), fc.constantFrom(0, 1, chunkBytes))
        .map(([pieces, more]) => ({
          type: 'last' as const,
          outcome: outcome('op_1'),
          pieces: [...pieces, Buffer.alloc(more)],
        })),
      fc.constant('flush' as const),
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(entry, { maxLength: 4 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 9000 }),
        async (calls, size) => {
          const record = openRecord(options({ folder: join(home, `any_${run++}`), segmentBytes: size }))
          for (const entries of calls) {
            for (const each of entries) {
              if (each === 'flush') record.flush()
              else record.gather(each)
            }
          }
          await record.close('done')
          expect(await checkRecord(record.folder)).toMatchObject({ ok: true, closed: true, head: record.head })
          const texts: string[] = []
          const pieces: Buffer[] = []
          for (const event of await eventsOf(record.folder)) {
            if (event.type === 'operation') texts.push(event.text)
            const data = dataOf(event)
            if (data !== null) pieces.push(await readData(record.folder, data))
          }
          const given = calls.flat().filter((one) => one !== 'flush')
          expect(texts).toEqual(given.flatMap((one) => (one.type === 'operation' ? [one.text] : [])))
          expect(Buffer.concat(pieces)).toEqual(
            Buffer.concat(given.flatMap((one) => (one.type === 'operation' ? [] : [...one.pieces]))),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('is never written over', async () => {
    const record = openRecord(options())
    await record.close('done')
    expect(() => openRecord(options())).toThrow(/The record of session ses_1 cannot be written: EEXIST/)
    expect(await checkRecord(record.folder)).toMatchObject({ ok: true, events: 2 })
  })
})

describe('durability', () => {
  test('ordered never waits; synced waits for one sync with everyone who waits', async () => {
    const ordered = openRecord(options())
    ordered.append(operation('op_1'))
    expect(ordered.durable()).toBeUndefined()
    await ordered.close('done')

    const synced = openRecord(options({ folder: join(home, 'ses_2'), durability: 'synced' }))
    synced.append(operation('op_1'))
    const first = synced.durable()
    expect(first).toBeInstanceOf(Promise)
    synced.append(operation('op_2'))
    const second = synced.durable()
    await Promise.all([first, second])
    expect(synced.durable()).toBeUndefined()
    await synced.close('done')
  })
})

test('a digest is keyed', () => {
  const key = createSecretKey(Buffer.alloc(32, 1))
  // RFC 4231, test case 2
  expect(digest(createSecretKey(Buffer.from('Jefe')), 'what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
  expect(digest(key, words)).toBe(digest(key, Buffer.from(words)))
  expect(digest(key, words)).not.toBe(digest(createSecretKey(Buffer.alloc(32, 2)), words))
})
