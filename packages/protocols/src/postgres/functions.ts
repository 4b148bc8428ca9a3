import type { Effect } from '@hoop/contracts'
import { type Catalogue, type CatalogueFunction, findFunctions } from './catalogue.ts'

/** What a call does besides computing a value from its arguments. */
export interface FunctionReading {
  /** `schema.name` as resolved; as written where nothing was found. */
  readonly name: string
  readonly effects: readonly Effect[]
  /** Its result may hold what its arguments do not. */
  readonly opaque: boolean
  /** Its arguments are stored or sent somewhere. */
  readonly stores: boolean
  /** Why its effects include `unknown`. */
  readonly unknownBecause: string | null
  readonly notSupported: string | null
  readonly candidates: readonly CatalogueFunction[]
}

interface Danger {
  readonly names: RegExp
  readonly effects: readonly Effect[]
  readonly opaque?: true
  readonly stores?: true
  readonly unknownBecause?: string
  readonly notSupported?: string
}

/**
 * Functions of pg_catalog that reach further than their arguments. The first match counts; what is volatile and neither here
 * nor in {@link harmless} is unknown.
 */
const dangers: readonly Danger[] = [
  {
    names: /^(query|cursor|table|schema|database)_to_xml/,
    effects: ['execute', 'unknown'],
    opaque: true,
    unknownBecause: 'runs SQL or reads tables that are named in a string',
  },
  { names: /^ts_(stat|rewrite)$/, effects: ['execute', 'unknown'], opaque: true, unknownBecause: 'runs SQL given as a string' },
  {
    names:
      /^(pg_read_(binary_)?file|pg_ls_\w+|pg_stat_file|pg_current_logfile|pg_hba_file_rules|pg_ident_file_mappings|pg_show_all_file_settings)$/,
    effects: ['file'],
    opaque: true,
  },
  { names: /^lo_import$/, effects: ['file', 'write'], opaque: true },
  { names: /^lo_export$/, effects: ['file'], opaque: true, stores: true },
  { names: /^(lo_get|lo_open|loread)$/, effects: ['read'], opaque: true },
  { names: /^(lo_put|lo_creat|lo_create|lo_from_bytea|lowrite|lo_unlink|lo_truncate(64)?)$/, effects: ['write'], stores: true },
  { names: /^pg_logical_(slot_|emit_)/, effects: ['replication'], opaque: true, stores: true },
  { names: /^pg_(create|copy|drop|sync)_(physical_|logical_)?replication_slots?$/, effects: ['replication'], opaque: true },
  { names: /^pg_replication_(slot|origin)_/, effects: ['replication'] },
  { names: /^pg_(terminate|cancel)_backend$/, effects: ['execute'] },
  {
    names: /^pg_(reload_conf|rotate_logfile|switch_wal|promote|wal_replay_(pause|resume)|create_restore_point)$/,
    effects: ['execute'],
  },
  { names: /^nextval$/, effects: ['write'] },
  { names: /^setval$/, effects: ['write'], stores: true },
  // A number that is kept where everybody can read it: pg_locks, a position, the seed of what comes.
  { names: /^(pg_(try_)?advisory_(xact_)?(lock|unlock)(_shared)?|lo_lseek(64)?|setseed)$/, effects: [], stores: true },
  // The text of the statement, values and all, which the record has without them.
  { names: /^current_query$/, effects: [], opaque: true },
  { names: /^set_config$/, effects: ['session'], stores: true },
  { names: /^pg_notify$/, effects: ['write'], stores: true },
  // They answer with other sessions' statements, or with values taken from tables.
  { names: /^pg_stat_get_(backend_)?activity$/, effects: ['read'], opaque: true },
  { names: /^(pg_prepared_statement|pg_cursor|pg_mcv_list_items|pg_prepared_xact)$/, effects: ['read'], opaque: true },
]

/** Volatile functions of pg_catalog that only look, or touch nothing that another session could miss. */
const harmless = new RegExp(
  `^(${[
    'pg_export_snapshot|random(_normal)?|gen_random_uuid|uuidv[47]|array_(sample|shuffle)|clock_timestamp|timeofday|currval|lastval',
    'pg_sleep(_for|_until)?|pg_advisory_unlock_all',
    'pg_(database|tablespace|table|indexes|relation|total_relation)_size|pg_partition_(tree|ancestors)|pg_sequence_last_value|pg_get_sequence_data',
    'pg_(safe_snapshot_)?blocking_pids|pg_lock_status|pg_is_(in_recovery|wal_replay_paused)|pg_current_wal_\\w+|pg_last_\\w+|pg_control_\\w+',
    'pg_(database_)?collation_actual_version|pg_jit_available|pg_notification_queue_usage|pg_xact_(status|commit_timestamp(_origin)?)|txid_status',
    'pg_stat_get_xact_\\w+|pg_stat_get_(io|backend_io|backend_wal|recovery_prefetch)|pg_stat_(clear_snapshot|have_stats|force_next_flush)|pg_get_wait_events',
    'pg_get_(backend_memory_contexts|shmem_allocations(_numa)?|loaded_modules|wal_\\w+|aios)|pg_show_replication_origin_status|lo_(close|tell)(64)?',
  ].join('|')})$`,
)

/** What well-known extensions do beyond what any function of a user does. */
const extensions: readonly { readonly names: RegExp; readonly effects: readonly Effect[] }[] = [
  { names: /^(dblink|postgres_fdw_)/, effects: ['network'] },
  { names: /^http(_|$)/, effects: ['network'] },
  { names: /^pg_file_/, effects: ['file'] },
]
const networkSchemas = new Set(['net', 'aws_s3', 'aws_lambda', 'http'])

const read: readonly Effect[] = []

/** What a call by this name does: where more than one function could be meant, the worst of them. */
export function readFunction(
  catalogue: Catalogue,
  schema: string | null,
  name: string,
  meant: (candidate: CatalogueFunction) => boolean = () => true,
): FunctionReading {
  const candidates = findFunctions(catalogue, schema, name).filter(meant)
  const foreign = candidates.find((candidate) => !isSystemFunction(candidate))
  if (foreign || candidates.length === 0) {
    const resolved = foreign ? `${foreign.schema}.${name}` : schema === null ? name : `${schema}.${name}`
    return {
      name: resolved,
      effects: ['execute', 'unknown', ...extensionEffects(foreign?.schema ?? schema, name)],
      opaque: true,
      stores: false,
      unknownBecause: foreign ? `${resolved}() is not a function of PostgreSQL itself` : `there is no function ${resolved}()`,
      notSupported: null,
      candidates,
    }
  }
  const resolved = `${candidates[0]?.schema}.${name}`
  const danger = dangers.find(({ names }) => names.test(name))
  if (danger) {
    return {
      name: resolved,
      effects: danger.effects,
      opaque: danger.opaque ?? false,
      stores: danger.stores ?? false,
      unknownBecause: danger.unknownBecause ? `${name}() ${danger.unknownBecause}` : null,
      notSupported: danger.notSupported ?? null,
      candidates,
    }
  }
  const safe = candidates.every((candidate) => candidate.volatility !== 'volatile') || harmless.test(name)
  return {
    name: resolved,
    effects: safe ? read : ['unknown'],
    opaque: !safe,
    stores: false,
    unknownBecause: safe ? null : `what ${name}() does is not known`,
    notSupported: null,
    candidates,
  }
}

/** Schemas whose functions come with the server and are changed by nobody. */
export function isSystemSchema(schema: string): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema'
}

/** Whether a function came with the server: anybody with the right may put one of theirs in its schemas. */
export function isSystemFunction({ schema, arguments: known }: CatalogueFunction): boolean {
  return isSystemSchema(schema) && known === null
}

function extensionEffects(schema: string | null, name: string): readonly Effect[] {
  if (schema !== null && networkSchemas.has(schema)) return ['network']
  return extensions.find(({ names }) => names.test(name))?.effects ?? []
}
