import { mkdir, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { EventBody } from '@hoop/contracts'
import { genesis, type Head, link, segmentOpened, sha256 } from './chain.ts'
import { isMissing, RecordError, wordsOf } from './errors.ts'
import { folderEntries } from './group-sync.ts'
import { GrowingFile } from './growing-file.ts'
import { dataFile, eventsFile, folderMode, listSegments, segmentFolder } from './layout.ts'
import { LineReader } from './line-reader.ts'
import { dataOf } from './read-data.ts'
import { verifyLine } from './verify-line.ts'

/** What was done to a record that a killed gateway left. */
export interface Recovery {
  /** The record had been closed: nothing was changed. */
  readonly wasClosed: boolean
  /** Bytes of an unfinished last line that were cut. Nothing was forwarded on the strength of it. */
  readonly cut: number
  /** Bytes of data, kept, that no line names. */
  readonly unreferenced: number
  readonly head: Head
}

/**
 * Closes the record of a session whose gateway was killed: cuts an unfinished last line, verifies the chain of the last segment, and
 * writes `session.closed` with the words and what was found. Only for a record that no process writes any more. Throws RecordError,
 * and leaves the files as they are, if the chain does not hold or a file cannot be read or written.
 */
export async function recoverRecord(record: string, words: string): Promise<Recovery> {
  try {
    return await recover(record, words)
  } catch (error) {
    if (error instanceof RecordError) throw error
    throw new RecordError(`The record at ${record} cannot be recovered: ${wordsOf(error)}`, { cause: error })
  }
}

async function recover(record: string, words: string): Promise<Recovery> {
  const segment = (await listSegments(record)).at(-1) ?? 0
  const tail = await readTail(record, segment)
  if (tail.closed && tail.head !== null) {
    if (tail.cut > 0) throw new RecordError(`The record at ${record} goes on after its end.`)
    return { wasClosed: true, cut: 0, unreferenced: 0, head: tail.head }
  }
  const dataSize = await sizeOf(dataFile(record, segment))
  const unreferenced = Math.max(0, dataSize - tail.dataEnd)
  const bodies: EventBody[] = []
  let head = tail.head
  if (head === null) {
    // Killed before the segment's first line was whole.
    const before = segment === 0 ? null : await readTail(record, segment - 1)
    if (before !== null && before.head === null)
      throw new RecordError(`Segment ${segment - 1} of the record at ${record} is empty.`)
    head = before?.head ?? genesis
    bodies.push(segmentOpened(before?.session ?? basename(record), segment))
  }
  bodies.push({
    type: 'session.closed',
    words: closingWords(words, tail.cut, unreferenced, tail.dataEnd - dataSize),
    recovered: { cut: tail.cut, unreferenced },
  })
  let lines = ''
  for (const body of bodies) {
    const line = link(head, body)
    head = { seq: head.seq + 1, hash: sha256(line) }
    lines += `${line}\n`
  }
  await mkdir(segmentFolder(record, segment), { recursive: true, mode: folderMode })
  await writeEnd(eventsFile(record, segment), tail.whole, lines)
  await writeEnd(dataFile(record, segment), dataSize, '')
  await folderEntries(segmentFolder(record, segment)).sync()
  await folderEntries(record).sync()
  return { wasClosed: false, cut: tail.cut, unreferenced, head }
}

interface Tail {
  /** Null: there is no whole line. */
  readonly head: Head | null
  readonly session: string | null
  readonly closed: boolean
  /** Bytes of all whole lines. */
  readonly whole: number
  /** Bytes after them. */
  readonly cut: number
  /** Where the data that lines name ends. */
  readonly dataEnd: number
}

async function readTail(record: string, segment: number): Promise<Tail> {
  let head: Head | null = segment === 0 ? genesis : null
  let session: string | null = null
  let closed = false
  let whole = 0
  let dataEnd = 0
  const path = eventsFile(record, segment)
  const size = await sizeOf(path)
  if (size > 0) {
    const reader = await LineReader.open(path)
    try {
      for await (const lines of reader.read(size)) {
        for (const line of lines) {
          const verified = verifyLine(head, line)
          const [problem] = verified.problems
          if (problem !== undefined) throw new RecordError(`The line at byte ${whole} of ${path} ${problem}.`)
          head = verified.head
          whole += line.length + 1
          closed = verified.event?.type === 'session.closed'
          if (verified.event?.type === 'segment.opened') session = verified.event.session
          const data = verified.event === null ? null : dataOf(verified.event)
          if (data !== null && data.offset >= 0) dataEnd = data.offset + data.length
        }
      }
    } finally {
      await reader.close()
    }
  }
  return { head: whole === 0 ? null : head, session, closed, whole, cut: size - whole, dataEnd }
}

function closingWords(words: string, cut: number, unreferenced: number, missing: number): string {
  const found: string[] = []
  if (cut > 0) found.push(`${cut} bytes of an unfinished line were cut`)
  if (unreferenced > 0) found.push(`${unreferenced} bytes of data belong to no line`)
  if (missing > 0) found.push(`${missing} bytes of data are missing`)
  return [words, ...found].join('; ')
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}

async function writeEnd(path: string, size: number, text: string): Promise<void> {
  const file = GrowingFile.reopen(path, size)
  try {
    file.write(Buffer.from(text))
    await file.sync()
  } finally {
    await file.close()
  }
}
