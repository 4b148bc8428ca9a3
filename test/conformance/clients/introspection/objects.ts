import { readFile } from 'node:fs/promises'
import type { ClientsSystem } from '../system.ts'

/** Makes one of every kind of object in the clients' database: the schema `zoo`, and what has none. */
export async function makeObjects(system: ClientsSystem): Promise<void> {
  const superuser = { superuser: true }
  // What is known of a table's rows stays as it is between two questions.
  await system.run('alter system set autovacuum = off', superuser)
  await system.run('select pg_reload_conf()', superuser)
  await system.run(await readFile(new URL('objects.sql', import.meta.url), 'utf8'), superuser)
}
