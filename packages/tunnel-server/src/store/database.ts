import { HoopError } from '@hoop/contracts'
import { DrizzleQueryError, sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import type { Logger } from 'pino'
import { migrateStore } from './migrations.ts'

/** A database, or a transaction in it. */
export type Database = Pick<NodePgDatabase, 'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | 'execute'>

/** What changed, as a notification names it; the payload carries ids only. */
export type Topic = 'documents' | 'approvals' | 'logins' | 'agents' | 'grants' | 'notifications'
export const changesChannel = 'hoop_changes'

/** Any fixed number: gateways that start together take turns at migrating. */
const migrationLock = 4_804_207

/** PostgreSQL's error classes that say nothing about the statement: connection, resources, operator, system. */
const outages = ['08', '53', '57', '58']

/** What PostgreSQL says of a NUL in a text, and in JSON: what comes from callers is text until it gets there. */
const nulCodes = ['22021', '22P05']

/** Counts what the store is asked. */
export interface StoreMeter {
  stored(milliseconds: number, answered: boolean): void
}

/** The store. Its failures are `unavailable`: a look-up that could not be made never means "empty" or "allowed". */
export class Store {
  readonly #pool: pg.Pool
  readonly #db: NodePgDatabase
  readonly #meter: StoreMeter | null

  private constructor(pool: pg.Pool, meter: StoreMeter | null) {
    this.#pool = pool
    this.#db = drizzle(pool)
    this.#meter = meter
  }

  /** Connects and brings the schema up to date. */
  static async open(url: string, log: Logger, meter: StoreMeter | null = null): Promise<Store> {
    await applyMigrations(url)
    const pool = new pg.Pool({
      connectionString: url,
      application_name: 'hoop gateway',
      max: 10,
      connectionTimeoutMillis: 5000,
      statement_timeout: 10_000,
      query_timeout: 12_000,
      keepAlive: true,
    })
    // Its words only: the pool hangs the whole client on the error.
    pool.on('error', ({ message }) => log.warn({ reason: message }, 'a connection to the store was lost'))
    // One in use has no listener of the pool's: its loss is told by its query, and unheard it would end the process too.
    pool.on('connect', (client) => client.on('error', () => {}))
    return new Store(pool, meter)
  }

  /** Runs statements that need no transaction. */
  async run<T>(work: (db: Database) => Promise<T>): Promise<T> {
    return await this.#measured(() => work(this.#db))
  }

  /** Runs statements that hold together, or not at all. */
  async transaction<T>(work: (db: Database) => Promise<T>): Promise<T> {
    return await this.#measured(() => this.#transaction(work))
  }

  async #measured<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      const result = await work()
      this.#meter?.stored(performance.now() - began, true)
      return result
    } catch (error) {
      this.#meter?.stored(performance.now() - began, !isOutage(error))
      throw asStoreError(error)
    }
  }

  /** Not drizzle's own: where BEGIN fails it never gives the connection back, and one that hangs it gives back as if it were sound. */
  async #transaction<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let sound = false
    try {
      await client.query('begin')
      const result = await work(drizzle(client))
      await client.query('commit')
      sound = true
      return result
    } catch (error) {
      // A connection that is given up is rolled back by the server.
      sound =
        !isOutage(error) &&
        (await client.query('rollback').then(
          () => true,
          () => false,
        ))
      throw error
    } finally {
      client.release(!sound)
    }
  }

  /** Rejects with `unavailable` when the store does not answer. */
  async ping(): Promise<void> {
    await this.run((db) => db.execute(sql`select 1`))
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

/** Tells every gateway, once the transaction is committed. */
export async function notify(db: Database, topic: Topic, id: string): Promise<void> {
  await db.execute(sql`select pg_notify(${changesChannel}, ${`${topic} ${id}`})`)
}

async function applyMigrations(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'hoop migrations', connectionTimeoutMillis: 10_000 })
  // Without a listener a connection lost between two statements would end the process; the next statement reports it.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select pg_advisory_lock($1)', [migrationLock])
    await migrateStore(client)
  } catch (error) {
    throw asStoreError(error)
  } finally {
    await client.end()
  }
}

function isOutage(error: unknown): boolean {
  const known = asStoreError(error)
  return known instanceof HoopError && known.code === 'unavailable'
}

function asStoreError(error: unknown): unknown {
  if (error instanceof HoopError) return error
  const cause = error instanceof DrizzleQueryError ? error.cause : error
  if (cause instanceof pg.DatabaseError) {
    if (nulCodes.includes(cause.code ?? '')) return new HoopError('invalid_request', 'A text holds a NUL character.')
    return outages.includes(cause.code?.slice(0, 2) ?? '') ? unavailable(cause) : cause
  }
  return error instanceof DrizzleQueryError || isConnectionError(cause) ? unavailable(cause) : error
}

/** node-postgres reports lost and refused connections as plain errors. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return 'syscall' in error || /connection|timeout|client has encountered|pool after calling end/i.test(error.message)
}

function unavailable(cause: unknown): HoopError {
  return new HoopError('unavailable', "The gateway's store does not answer.", { hint: 'Try again in a moment.', cause })
}
