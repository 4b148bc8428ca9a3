import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing, RecordError } from './errors.ts'

/** Bytes that one chunk event covers at most. */
export const chunkBytes = 256 * 1024

/**
 * Bytes of one line at most, so that whoever reads a record can bound what it holds in memory. A statement of 20 MiB fits even where
 * JSON escapes every byte of it.
 */
export const lineBytes = 128 * 1024 * 1024

/** Readable and writable by the gateway's own account only. */
export const fileMode = 0o600
export const folderMode = 0o700

/** The folder of a segment inside the folder of a record: `000000`, `000001`, … */
export function segmentFolder(record: string, segment: number): string {
  return join(record, String(segment).padStart(6, '0'))
}
export function eventsFile(record: string, segment: number): string {
  return join(segmentFolder(record, segment), 'events.ndjson')
}
export function dataFile(record: string, segment: number): string {
  return join(segmentFolder(record, segment), 'data')
}

/** The numbers of a record's segments, ascending. Throws RecordError where there is no record. */
export async function listSegments(record: string): Promise<number[]> {
  let names: string[]
  try {
    names = await readdir(record)
  } catch (error) {
    throw new RecordError(isMissing(error) ? `There is no record at ${record}.` : `The record at ${record} cannot be read.`, {
      cause: error,
    })
  }
  return names
    .filter((name) => /^\d{6,12}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}
