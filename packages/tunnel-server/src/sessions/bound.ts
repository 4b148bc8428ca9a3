import type { Effect, Operation, SessionSetting } from '@hoop/contracts'
import type { RequiredApproval } from '@hoop/policy'
import type { Bound } from './types.ts'

/** Where an operation is asked for, by whom, and under which rules. */
export interface Place {
  readonly requester: string
  readonly connection: string
  readonly database: string | null
  /** Of the backend, where it was chosen: another one may do more, and may see other rows. */
  readonly role: string | null
  /** What the session has set for itself; null: nobody knows. */
  readonly settings: readonly SessionSetting[] | null
  readonly policyVersion: string
}

/** What is sent again and again with other values. Elsewhere a constant may be a name, a command, or a program of its own. */
const repeated: ReadonlySet<Effect> = new Set(['read', 'write', 'execute'])

/**
 * What an approval of this operation holds for: the same identity, connection, role, settings, rule and approvers, the same effects and objects; a
 * ticket for the same text and parameters, a batch for the same text but its constants, while the rules stay as they are. For no other where the
 * settings are not known.
 */
export function boundTo(operation: Operation, { rule, groups, count }: RequiredApproval, place: Place): Bound {
  const { requester, connection, database, role, settings, policyVersion } = place
  if (settings === null) return { exact: null, like: null }
  const { text, parameters, fingerprint, effects, objects, functions, facts, runs } = operation
  const { verbs, unbounded, destructive } = facts
  const common = [
    ...[requester, connection, database, role, rule, groups, count],
    settings.map(({ name, value }) => [name, value]),
    ...[effects, objects, functions, verbs, unbounded, destructive],
    runs.map((run) => [run.name, run.text]),
  ]
  return {
    exact: [...common, text, parameters.map(({ type, value }) => [type, value])],
    like: isRepeated(operation) ? [...common, fingerprint, withoutConstants(operation), policyVersion] : null,
  }
}

/** The whole body of a DO block is one constant. */
function isRepeated({ fingerprint, effects, facts }: Operation): boolean {
  return fingerprint !== null && effects.every((effect) => repeated.has(effect)) && !facts.verbs.includes('DO')
}

/**
 * A fingerprint alone is as good for arguments that changed places. Comments count as little as constants do, quoted names in full; a sign
 * that can be nothing but a number's goes with it.
 */
function withoutConstants({ text, literals }: Operation): string {
  const pieces: string[] = []
  let from = 0
  for (const { start, end } of literals) {
    const literal = text.slice(start, start + 3)
    if (/^(u&)?"/i.test(literal)) continue
    const before = text.slice(from, start)
    pieces.push(...(/^(--|\/\*)/.test(literal) ? [before, ' '] : [withoutSign(before), '?']))
    from = end
  }
  return [...pieces, text.slice(from)].join('')
}

function withoutSign(before: string): string {
  const signed = before.trimEnd()
  if (!/[-+]$/.test(signed.slice(-1))) return before
  const unsigned = signed.slice(0, -1)
  return /[(,=]$/.test(unsigned.trimEnd().slice(-1)) ? unsigned : before
}
