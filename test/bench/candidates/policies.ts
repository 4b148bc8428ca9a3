import { groups } from '@hoop/demo'

export const policyCount = 200

const teams = ['billing', 'search', 'growth', 'risk', 'support', 'warehouse', 'identity', 'payments']
const tables = ['orders', 'cards', 'customers', 'invoices', 'ledger', 'payouts', 'sessions', 'events', 'audit_log', 'refunds']
/** The demo's, and others that the rules of a company are also about. */
const environments = ['demo', 'demo', 'demo', 'prod', 'staging']

/** One of each kind of rule that companies write, for the n-th team and table; none refuses a read of `customers` by its key. */
const kinds: readonly ((team: string, table: string, n: number) => string)[] = [
  (_, table) => `
when: operation.destructive && operation.objects.exists(o, o.name == 'public.${table}')
then: deny`,
  (team, table) => `
when: operation.effects.exists(e, e in ['write', 'ddl']) && operation.objects.exists(o, o.name == 'public.${table}' && o.access == 'write')
then: approve
approvers: { groups: [${team}-owners], timeout: 15m }`,
  (team, table) => `
when: "'${team}' in identity.groups && operation.objects.all(o, o.name.startsWith('public.${table}'))"
then: allow`,
  (_, table) => `
when: operation.columns.exists(c, c == 'public.${table}.secret') && session.reason == ''
then: deny
message: Say why with --reason.`,
  (team, _, n) => `
when: operation.unbounded && (now.getDayOfWeek('Europe/Berlin') == ${n % 7} || now.getHours('Europe/Berlin') >= 20)
then: approve
approvers: { groups: [${team}-owners] }
onHold: ticket`,
  (_, table) => `
when: now.getHours('Europe/Berlin') < 6 && operation.objects.exists(o, o.name == 'public.${table}_archive')
then: deny`,
  (_, table) => `
when: re(operation.text, '(?i)copy\\\\s+${table}\\\\s+to') || operation.effects.exists(e, e in ['file', 'network', 'dcl'])
then: deny`,
  (team) => `
identities: { kinds: [ai-agent], groups: [${team}, ${groups.codingAgents}] }
when: operation.verbs.exists(v, v in ['UPDATE', 'DELETE', 'INSERT'])
then: approve
approvers: { groups: [${team}-owners], count: 2 }`,
  (team) => `
when: identity.email.endsWith('@${team}.example.com') && operation.statements > 20
then: deny`,
]

/** Every tenth is a mask. */
function policy(n: number): string {
  const [team, table, environment] = [teams[n % teams.length], tables[n % tables.length], environments[n % environments.length]]
  const about = `connections: { labels: { env: ${environment} } }`
  if (n % 10 === 9) {
    return `kind: Mask\nname: bench-${n}\n${about}\ncolumns: ['public.${table}.{iban,secret_${n}}']\nmethod: ${n % 20 === 9 ? 'partial' : 'hash'}\n`
  }
  const body = kinds[n % kinds.length]
  if (body === undefined || team === undefined || table === undefined) throw new RangeError(`there is no policy ${n}`)
  return `kind: Policy\nname: bench-${n}\n${about}${body(team, table, n)}\n`
}

/** What a company has written in some years: for several environments, over effects, objects, columns, identities, hours and texts. */
export function companyPolicies(): string {
  return Array.from({ length: policyCount }, (_, n) => policy(n)).join('---\n')
}
