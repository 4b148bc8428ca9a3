import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { HoopError } from '@hoop/contracts/errors'
import { systemReason } from '../state/system-reason.ts'

/** A file that a flag names. Throws HoopError `invalid_request` when it cannot be read. */
export async function readGivenFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new HoopError('invalid_request', `${file} cannot be read: ${systemReason(cause)}`, {
      hint: 'name a file that you may read; - is standard input',
      cause,
    })
  }
}

/** Files of YAML documents as one stream; `-` is standard input. Throws HoopError `invalid_request` when one cannot be read. */
export async function readGivenFiles(files: readonly string[]): Promise<string> {
  const texts: string[] = []
  for (const file of files) texts.push(file === '-' ? await text(process.stdin) : await readGivenFile(file))
  return texts.join('\n---\n')
}
