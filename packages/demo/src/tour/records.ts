import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface Search {
  readonly files: number
  readonly bytes: number
  /** Files and numbers that were found. */
  readonly cards: readonly { readonly file: string; readonly number: string }[]
}

/** Digits of the longest number that is looked for, and of the shortest. */
const [shortest, longest] = [15, 16] as const

/** Looks for these card numbers, as digits in a row, in every file below the folder. */
export async function searchForCards(folder: string, numbers: ReadonlySet<string>): Promise<Search> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const cards: { file: string; number: string }[] = []
  let [files, bytes] = [0, 0]
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = join(entry.parentPath, entry.name)
    files++
    let tail = ''
    for await (const chunk of createReadStream(file, 'latin1') as AsyncIterable<string>) {
      bytes += chunk.length
      for (const number of numbersIn(tail + chunk)) if (numbers.has(number)) cards.push({ file, number })
      // A number may lie across two chunks.
      tail = chunk.slice(-longest + 1)
    }
  }
  return { files, bytes, cards }
}

/** Every run of digits of a card's length, at every place where it may begin. */
function* numbersIn(text: string): Generator<string> {
  for (const { 0: digits } of text.matchAll(/\d{15,}/g)) {
    for (let start = 0; start + shortest <= digits.length; start++) {
      yield digits.slice(start, start + shortest)
      if (start + longest <= digits.length) yield digits.slice(start, start + longest)
    }
  }
}
