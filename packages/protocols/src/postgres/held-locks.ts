import type { PostgresContext } from '../protocol.ts'
import type { BackendKey } from './backend.ts'
import { DoctorConnection } from './doctor-connection.ts'

const patience = 5_000

/**
 * What the open transaction of this backend has locked, each in words, by what the server itself says on another connection: that of the
 * same login, on the same host. Rows are not told one by one: whoever wants one that it has written waits for the transaction.
 * https://www.postgresql.org/docs/current/view-pg-locks.html
 */
export async function heldLocks(
  context: Pick<PostgresContext, 'dial' | 'warn' | 'own' | 'upstream' | 'signal'>,
  database: string,
  { processId, host }: BackendKey,
): Promise<readonly string[]> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)])
  const upstream = { ...(await context.upstream()), hosts: [host], targetSessionAttrs: 'any' as const }
  const { dial, warn } = context
  const own = (text: string) => context.own(text)
  const connection = await DoctorConnection.open({ dial, warn, upstream, database, signal, application: 'hoop locks', own })
  try {
    return (await connection.ask(locksOf(processId))).flatMap(([words]) => (words ? [words] : []))
  } finally {
    connection.close()
  }
}

/** A pooler's process id is no backend's: then there is no session of this login with it, and no lock. */
const locksOf = (processId: number): string => `
select distinct case
    when lock.locktype = 'transactionid' then 'rows that it has written or locked'
    when named.oid is null then lock.mode || ' (' || lock.locktype || ')'
    else lock.mode || ' on ' || pg_catalog.quote_ident(schema.nspname) || '.' || pg_catalog.quote_ident(named.relname)
  end
from pg_catalog.pg_locks as lock
join pg_catalog.pg_stat_activity as session on session.pid = lock.pid and session.usename = session_user
left join pg_catalog.pg_class as named on named.oid = lock.relation
left join pg_catalog.pg_namespace as schema on schema.oid = named.relnamespace
where lock.pid = ${processId} and lock.granted and lock.locktype <> 'virtualxid'
  and (named.oid is null or (named.relkind not in ('i', 'I') and schema.nspname not in ('pg_catalog', 'pg_toast')))
order by 1 limit 50`
