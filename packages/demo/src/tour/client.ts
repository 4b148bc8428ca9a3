import { access, constants } from 'node:fs/promises'
import { delimiter, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The command that runs one statement on what the PG* environment names. */
export type Client = (statement: string) => string[]

/** psql where there is one, else our own small runner. */
export async function findClient(path: string): Promise<Client> {
  for (const folder of path.split(delimiter).filter((each) => each !== '')) {
    const found = await access(join(folder, 'psql'), constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return (statement) => ['psql', '-X', '-P', 'pager=off', '-c', statement]
  }
  const runner = relative(process.cwd(), fileURLToPath(new URL('../query.ts', import.meta.url)))
  return (statement) => ['node', runner, statement]
}
