import { buildCatalogue, type Catalogue, catalogueQueries } from '../../../packages/protocols/src/postgres/catalogue.ts'

/** A relation as a lock names it. */
export interface Relation {
  readonly oid: number
  /** `schema.name`, the schema of temporary ones being pg_temp. */
  readonly name: string
  /** relkind */
  readonly kind: string
  /** The relations that it inherits from, or is a partition of. */
  readonly parents: readonly number[]
  /** The relations that it refers to by foreign keys, and those that refer to it. */
  readonly keys: readonly number[]
  /** Of an index, the relation that it is of. */
  readonly of: number | null
}

type Ask = (text: string) => Promise<readonly (readonly (string | null)[])[]>

/** The first oid that is not the system's own: FirstNormalObjectId in PostgreSQL's access/transam.h. */
export const firstOwnOid = 16_384

/** What of the product's queries is the users' own: the system's part never changes, and is most of it. */
const own: Readonly<Record<string, string>> = {
  relations: `nspname not in ('pg_catalog', 'information_schema')`,
  columns: `attrelid >= ${firstOwnOid}::oid`,
  functions: `nspname not in ('pg_catalog', 'information_schema')`,
  types: `oid >= ${firstOwnOid}::oid`,
  indexes: `nspname not in ('pg_catalog', 'information_schema')`,
}

const relationsQuery = `select c.oid, case when n.nspname ~ '^pg_temp_' then 'pg_temp' else n.nspname end || '.' || c.relname, c.relkind,
  (select string_agg(i.inhparent::text, ',') from pg_inherits i where i.inhrelid = c.oid),
  (select i.indrelid from pg_index i where i.indexrelid = c.oid),
  (select string_agg((k.conrelid::bigint + k.confrelid::bigint - c.oid::bigint)::text, ',') from pg_constraint k
    where k.contype = 'f' and c.oid in (k.conrelid, k.confrelid))
from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid >= ${firstOwnOid}::oid and n.nspname <> 'pg_toast'`

/** What the product knows of a database, by its own queries, and how the server numbers its relations. */
export class KnownCatalogue {
  readonly #system: Catalogue
  catalogue: Catalogue
  /** By oid; those that are gone stay, for a statement that drops one holds its lock. */
  readonly relations = new Map<number, Relation>()

  private constructor(system: Catalogue) {
    this.#system = system
    this.catalogue = system
  }

  static async read(ask: Ask): Promise<KnownCatalogue> {
    const known = new KnownCatalogue(buildCatalogue(await answers(ask, {})))
    await known.refresh(ask)
    return known
  }

  /** Reads again what is the users' own. */
  async refresh(ask: Ask): Promise<void> {
    const mine = buildCatalogue(await answers(ask, own))
    const system = this.#system
    this.catalogue = {
      ...mine,
      // The path of whoever asks is not that of a new session.
      searchPath: system.searchPath,
      defaultPath: system.defaultPath,
      relations: underSystem(mine.relations, system.relations),
      indexes: underSystem(mine.indexes, system.indexes),
      relationsByOid: new Map([...system.relationsByOid, ...mine.relationsByOid]),
      functions: underSystem(mine.functions, system.functions),
      types: underSystem(mine.types, system.types),
      typesByOid: new Map([...system.typesByOid, ...mine.typesByOid]),
    }
    for (const [oid, name, kind, parents, of, keys] of await ask(relationsQuery)) {
      const number = Number(oid)
      this.relations.set(number, {
        oid: number,
        name: name ?? '',
        kind: kind ?? '',
        parents: numbers(parents),
        keys: [...new Set([...(this.relations.get(number)?.keys ?? []), ...numbers(keys)])],
        of: of ? Number(of) : null,
      })
    }
  }
}

function numbers(list: string | null | undefined): number[] {
  return list ? list.split(',').map(Number) : []
}

async function answers(ask: Ask, filters: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {}
  for (const { name, text } of catalogueQueries) {
    const filter = name === null ? undefined : filters[name]
    const rows = await ask(filter === undefined ? text : `select * from (${text}) as read where ${filter}`)
    if (name !== null) all[name] = rows
  }
  return all
}

function underSystem<Value>(mine: ReadonlyMap<string, Value>, system: ReadonlyMap<string, Value>): Map<string, Value> {
  const merged = new Map(mine)
  for (const schema of ['pg_catalog', 'information_schema']) {
    const value = system.get(schema)
    if (value !== undefined) merged.set(schema, value)
  }
  return merged
}
