import {
  type ConnectionDocument,
  type DoctorFinding,
  finding,
  type Identity,
  type MaskDocument,
  type PolicyDocument,
} from '@hoop/contracts'
import { aboutConnection, columnsNamedAlike, missingColumns } from '@hoop/policy'
import type { Examination } from '@hoop/protocols'
import type { InForce } from '../documents/documents.ts'

/** What is shown of a long list. */
const shown = 10

/** What the gateway itself does and does not enforce on a connection. */
export function ruleFindings(connection: ConnectionDocument, inForce: InForce): DoctorFinding[] {
  const { access, policies, masks } = aboutConnection(inForce.documents, connection)
  return [
    access.length === 0
      ? finding('gateway.access', 'problem', 'Nobody may use it: no Access document is about it.', {
          advice: `Apply an Access document: { kind: Access, name: …, groups: [ … ], connections: { names: [${connection.name}] } }`,
        })
      : finding('gateway.access', 'ok', `${counted(access.length, 'Access document')} let people in.`, {
          details: access.map(({ name, groups }) => `Access/${name}: ${groups.join(', ')}`),
        }),
    ...(connection.profile === 'transparent' ? [transparent] : [policyFinding(policies), maskFinding(masks)]),
    ...approverFindings(connection, inForce),
    ...recordFindings(connection),
  ]
}

/** The same for somebody who may use it: what holds for them. */
export function ownRuleFindings(connection: ConnectionDocument, identity: Identity, { rules }: InForce): DoctorFinding[] {
  const masks = rules.masks(identity, connection)
  return [
    finding('gateway.access', 'ok', 'You may use it.'),
    connection.profile === 'transparent'
      ? transparent
      : finding('gateway.masks', 'ok', masks.empty ? 'Nothing is masked for you.' : 'Values are masked for you.'),
  ]
}

const transparent = finding(
  'gateway.profile',
  'warning',
  'The profile is transparent: statements that cannot be read pass, no policy refuses anything, and nothing is masked.',
  { advice: 'Leave profile out of the Connection, so that policies and masks may be about it.' },
)

function policyFinding(policies: readonly PolicyDocument[]): DoctorFinding {
  if (policies.length === 0) {
    return finding('gateway.policies', 'warning', 'No Policy is about it: whatever the role may do passes, and is recorded.', {
      advice: 'Apply a Policy, for instance one that denies what is destructive: docs/policy.md has some.',
    })
  }
  const words = policies.length === 1 ? '1 Policy is about it.' : `${policies.length} Policies are about it.`
  return finding('gateway.policies', 'ok', words, { details: policies.map(({ name, then }) => `Policy/${name}: ${then}`) })
}

/** Questions that nobody may answer: each is denied when its time is over. */
function approverFindings(connection: ConnectionDocument, { documents, rules }: InForce): DoctorFinding[] {
  const { access, policies } = aboutConnection(documents, connection)
  const asking = [
    ...policies.map(({ name, approvers }) => ({ rule: `Policy/${name}`, groups: approvers?.groups })),
    ...access.map(({ name, request }) => ({ rule: `Access/${name}`, groups: request?.approvers })),
  ]
  const details = asking.flatMap(({ rule, groups }) =>
    groups === undefined || rules.mayApprove(groups, connection) ? [] : [`${rule}: ${groups.join(', ')}`],
  )
  if (details.length === 0) return []
  const advice = 'A Role lets these groups approve elsewhere only: give one of them this connection, too, or name others.'
  return [finding('gateway.approvers', 'problem', 'Nobody may say yes to what is asked here.', { details, advice })]
}

function maskFinding(masks: readonly MaskDocument[]): DoctorFinding {
  if (masks.length === 0) return finding('gateway.masks', 'ok', 'No Mask is about it: results are shown as they are.')
  const words = masks.length === 1 ? '1 Mask is about it.' : `${masks.length} Masks are about it.`
  const details = masks.map(
    ({ name, columns, fields, detect }) => `Mask/${name}: ${[...columns, ...fields, ...detect].join(', ')}`,
  )
  return finding('gateway.masks', 'ok', words, { details })
}

function recordFindings({ record }: ConnectionDocument): DoctorFinding[] {
  if (record.results === 'full') return []
  const kept = record.results === 'digest' ? 'only a digest of each result' : 'no results'
  return [finding('gateway.record', 'ok', `The record keeps every statement, and ${kept}.`)]
}

/** Whether the masks fit the columns that there are. */
export function maskFindings(connection: ConnectionDocument, { documents }: InForce, examination: Examination): DoctorFinding[] {
  const { masks } = aboutConnection(documents, connection)
  const named = masks.filter(({ columns }) => columns.length > 0)
  if (named.length === 0 || connection.protocol !== 'postgres') return []
  const unread = connection.databases.filter((database) => !examination.columns.has(database))
  if (unread.length > 0) {
    const words = 'Whether the columns that masks name are there was not checked, because a catalogue could not be read.'
    return [finding('databases.masked-columns', 'not-checked', words, { details: unread })]
  }
  const columns = [...examination.columns.values()].flat()
  const missing = missingColumns(named, columns)
  const alike = columnsNamedAlike(named, columns)
  return [
    missing.length === 0
      ? finding('databases.masked-columns', 'ok', 'Every column that a mask names is there.')
      : finding(
          'databases.masked-columns',
          'warning',
          `Masks name ${counted(missing.length, 'column')} that no offered database has.`,
          {
            details: listed(
              missing.map(({ mask, pattern, near }) => `${mask}: ${pattern}${near === null ? '' : `; did you mean ${near}?`}`),
            ),
            advice: 'What is mistyped masks nothing: correct columns in the Mask, unless it is meant for another connection.',
          },
        ),
    ...(alike.length === 0
      ? []
      : [
          finding(
            'databases.unmasked-columns',
            'warning',
            `${counted(alike.length, 'column')} named like a masked one, not masked.`,
            {
              details: listed(alike.map(({ schema, table, column }) => `${schema}.${table}.${column}`)),
              advice: 'See whether they hold the same kind of value; *.*.NAME in a Mask is about all of that name.',
            },
          ),
        ]),
  ]
}

function listed(lines: readonly string[]): string[] {
  return lines.length > shown ? [...lines.slice(0, shown), `and ${lines.length - shown} more`] : [...lines]
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}
