import { type FileHandle, open } from 'node:fs/promises'
import type { DataRange, RecordedEvent } from '@hoop/contracts'
import { sha256 } from './chain.ts'
import { RecordError } from './errors.ts'
import { chunkBytes, dataFile } from './layout.ts'

/** The bytes that an event names; null: it names none. */
export function dataOf(event: RecordedEvent): DataRange | null {
  return event.type === 'chunk' || event.type === 'outcome' ? (event.data ?? null) : null
}

/** The bytes that an event names. Throws RecordError if they were not kept, cannot be read, or are not those that were recorded. */
export async function readData(record: string, range: DataRange): Promise<Buffer> {
  if (range.offset < 0) throw new RecordError('Only the digest of these bytes was kept.')
  if (range.length < 0 || range.length > chunkBytes)
    throw new RecordError(`A chunk of ${range.length} bytes is not of this format.`)
  let bytes: Buffer
  try {
    await using file = await open(dataFile(record, range.segment), 'r')
    bytes = await readFully(file, range.offset, Buffer.allocUnsafeSlow(range.length))
  } catch (error) {
    throw new RecordError(`The data of segment ${range.segment} cannot be read.`, { cause: error })
  }
  if (bytes.length < range.length)
    throw new RecordError(`The data of segment ${range.segment} ends before the chunk at ${range.offset} does.`)
  if (sha256(bytes) !== range.sha256)
    throw new RecordError(`The data of segment ${range.segment} at ${range.offset} was altered.`)
  return bytes
}

/** Fills `space` from `offset` on; answers less of it only at the end of the file. */
export async function readFully(file: FileHandle, offset: number, space: Buffer): Promise<Buffer> {
  let filled = 0
  while (filled < space.length) {
    const { bytesRead } = await file.read(space, filled, space.length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return space.subarray(0, filled)
}
