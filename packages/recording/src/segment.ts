import { mkdirSync } from 'node:fs'
import { GrowingFile } from './growing-file.ts'
import { dataFile, eventsFile, folderMode, segmentFolder } from './layout.ts'

/** A segment that is being written: two files that only grow. */
export interface Segment {
  readonly number: number
  readonly events: GrowingFile
  readonly data: GrowingFile
}

/** Makes the folder and the empty files of a segment; throws if they exist. */
export function createSegment(record: string, number: number): Segment {
  mkdirSync(segmentFolder(record, number), { mode: folderMode })
  const events = GrowingFile.create(eventsFile(record, number))
  try {
    return { number, events, data: GrowingFile.create(dataFile(record, number)) }
  } catch (error) {
    events.closeSync()
    throw error
  }
}

export async function closeSegment(segment: Segment): Promise<void> {
  await Promise.all([segment.events.close(), segment.data.close()])
}
