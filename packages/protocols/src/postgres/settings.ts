/** Settings that a session may change for itself: none of them changes what a name, a text or a role means. */
const allowed = new RegExp(
  `^(${[
    'application_name|timezone|extra_float_digits|statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout',
    'client_min_messages|default_transaction_(isolation|read_only|deferrable)|transaction_(isolation|read_only|deferrable)|bytea_output',
    'work_mem|maintenance_work_mem|temp_buffers|row_security|jit(_\\w+)?|enable_\\w+|random_page_cost|seq_page_cost|cpu_\\w+_cost|geqo(_\\w+)?',
    'effective_cache_size|(from|join)_collapse_limit|max_parallel_workers(_per_gather)?|parallel_\\w+_cost|plan_cache_mode|synchronous_commit',
    'constraint_exclusion|cursor_tuple_fraction|gin_fuzzy_search_limit|xmloption|xmlbinary|default_statistics_target|intervalstyle|datestyle',
    'default_tablespace|temp_tablespaces|default_table_access_method|default_toast_compression|check_function_bodies|synchronize_seqscans',
    'idle_session_timeout|tcp_(user_timeout|keepalives_\\w+)|client_connection_check_interval|quote_all_identifiers|restrict_nonsystem_relation_kind',
    'lc_(messages|monetary|numeric|time)|default_text_search_config|escape_string_warning|stats_fetch_consistency|recursive_worktable_factor',
    'hash_mem_multiplier|(min_parallel_\\w+_size|parallel_leader_participation|max_parallel_maintenance_workers)|(effective|maintenance)_io_concurrency',
    'password_encryption|force_parallel_mode|debug_parallel_query|vacuum_(cost_\\w+|(multixact_)?(freeze|failsafe)_\\w+|buffer_usage_limit|truncate)|timezone_abbreviations|transform_null_equals',
    // An extension's or an application's own.
    '[a-z_]\\w*\\.[a-z_]\\w*',
  ].join('|')})$`,
)
/** Settings of which only some values are. */
const byValue: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    // In other styles a masked date would not read as one.
    datestyle: /^\s*iso\s*(,\s*\w+\s*)?$/i,
    // The server compares letters and digits only; asyncpg sends quotes around it.
    client_encoding: /^[^a-z0-9]*(u[^a-z0-9]*t[^a-z0-9]*f[^a-z0-9]*8|unicode)[^a-z0-9]*$/i,
    standard_conforming_strings: /^(on|true|yes|1)$/i,
    array_nulls: /^(on|true|yes|1)$/i,
    backslash_quote: /^safe_encoding$/i,
  }),
)

/** Words for the refusal of a setting's change; null if it is allowed. A name or a value that is not a constant is null. */
export function settingRefused(name: string | null, value: string | null): string | null {
  if (name === null) return 'changing a setting whose name is computed'
  const setting = name.toLowerCase()
  if (allowed.test(setting)) return null
  const values = byValue.get(setting)
  if (!values) return `changing the setting ${setting}`
  return value !== null && values.test(value) ? null : `setting ${setting} to ${value ?? 'a computed value'}`
}

/** Settings that decide how long a statement takes, what it costs, and how it is told of: not what it does. */
const withoutMeaning = new RegExp(
  `^(${[
    'application_name|(statement|lock|transaction|idle_in_transaction_session|idle_session)_timeout|client_min_messages|lc_messages',
    'default_transaction_(isolation|read_only|deferrable)|transaction_(isolation|read_only|deferrable)|synchronous_commit|work_mem',
    'maintenance_work_mem|temp_buffers|temp_tablespaces|jit(_\\w+)?|enable_\\w+|random_page_cost|seq_page_cost|cpu_\\w+_cost|geqo(_\\w+)?',
    'effective_cache_size|(from|join)_collapse_limit|max_parallel_\\w+|min_parallel_\\w+_size|parallel_\\w+|plan_cache_mode|constraint_exclusion',
    'cursor_tuple_fraction|synchronize_seqscans|tcp_(user_timeout|keepalives_\\w+)|client_connection_check_interval|stats_fetch_consistency',
    'recursive_worktable_factor|hash_mem_multiplier|(effective|maintenance)_io_concurrency|force_parallel_mode|debug_parallel_query|vacuum_\\w+',
    'escape_string_warning|default_statistics_target|client_encoding|standard_conforming_strings|array_nulls|backslash_quote',
  ].join('|')})$`,
)
/** Whether what a statement does may depend on it, be it by a function or a row's policy that reads it. In lower case. */
export function hasMeaning(setting: string): boolean {
  return !withoutMeaning.test(setting)
}

/** RESET and SET … TO DEFAULT go back to what the session was opened with. */
export function resetRefused(name: string): string | null {
  const setting = name.toLowerCase()
  return allowed.test(setting) || byValue.has(setting) ? null : `resetting ${setting}`
}
