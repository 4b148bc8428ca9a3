import { readFile } from 'node:fs/promises'
import type { ClientsSystem } from '../system.ts'

/** Makes one of every kind of object in the clients' database: the schema `zoo`, and what has none. */
export async function makeObjects(system: ClientsSystem): Promise<void> {
  await system.run(await readFile(new URL('objects.sql', import.meta.url), 'utf8'), { superuser: true })
}
