/** Settings that the backend may report to a caller; others could carry values out. */
const reported = new Set([
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'application_name',
  'client_encoding',
  'default_transaction_read_only',
  'in_hot_standby',
  'integer_datetimes',
  'is_superuser',
  'scram_iterations',
  'search_path',
  'server_encoding',
  'server_version',
  'session_authorization',
  'standard_conforming_strings',
])
export function isReported(name: string): boolean {
  return reported.has(name)
}
