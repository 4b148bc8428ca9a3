/** The record cannot be written, read or believed. The message is for people; the cause is the system's error where there is one. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}

/** The words of anything thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether the system says that a file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
