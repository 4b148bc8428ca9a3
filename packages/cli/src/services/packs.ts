import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { HoopError } from '@hoop/contracts/errors'

/** Plain files: NAME.yaml, which begins with a comment that says what it is for, and NAME.cases.yaml, a table for `hoop policy test`. */
const folder = new URL('../../packs/', import.meta.url)

/** A set of documents that comes with hoop. */
export interface Pack {
  readonly name: string
  /** The first line of its file. */
  readonly summary: string
  readonly path: string
  readonly casesPath: string
}

export async function listPacks(): Promise<Pack[]> {
  const files = await readdir(folder)
  const names = files.filter((file) => file.endsWith('.yaml') && !file.endsWith('.cases.yaml')).map((file) => file.slice(0, -5))
  return await Promise.all(
    names.toSorted().map(async (name) => {
      const path = fileURLToPath(new URL(`${name}.yaml`, folder))
      const [first = ''] = (await readFile(path, 'utf8')).split('\n')
      return { name, summary: first.replace(/^# */, ''), path, casesPath: path.replace(/\.yaml$/, '.cases.yaml') }
    }),
  )
}

/** Throws HoopError `not_found`. */
export async function findPack(name: string): Promise<Pack> {
  const pack = (await listPacks()).find((each) => each.name === name)
  if (pack !== undefined) return pack
  throw new HoopError('not_found', `there is no pack ${name}`, { hint: 'hoop policy packs shows those that there are' })
}
