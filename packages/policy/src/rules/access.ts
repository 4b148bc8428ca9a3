import { type AccessDocument, actors, type ConnectionDocument, type Identity, type Reason } from '@hoop/contracts'
import { type Hours, parseHours } from './hours.ts'
import { connectionMisfit, identityMisfit } from './selectors.ts'

/** Access that was asked for and granted. */
export interface Granted {
  readonly id: string
  /** The Access document that it is by. */
  readonly access: string
  readonly connection: string
  /** Of the identity that asked. */
  readonly identity: string
  readonly endsAt: Date
}

export interface AccessMoment {
  readonly now: Date
  readonly granted: readonly Granted[]
}

export interface AccessRuling {
  readonly allowed: boolean
  readonly reasons: readonly Reason[]
  /** When it must be asked again whether it is allowed still; null: when the documents change. */
  readonly until: Date | null
  /** Without these grants it would not be allowed. */
  readonly grants: readonly string[]
}

interface Rule {
  readonly document: AccessDocument
  readonly hours: Hours | null
}

/** What the Access documents say. @throws where the hours of one cannot be read */
export function accessRules(documents: readonly AccessDocument[]) {
  const rules = documents.map((document): Rule => {
    return { document, hours: document.hours === undefined ? null : parseHours(document.hours) }
  })
  return {
    mayUse(
      identity: Identity,
      connection: ConnectionDocument,
      moment: AccessMoment = { now: new Date(), granted: [] },
    ): AccessRuling {
      if (rules.length === 0) {
        const reason = { rule: 'hoop/no-access', matched: true, words: 'deny: there is no Access document' }
        return { allowed: false, reasons: [reason], until: null, grants: [] }
      }
      const all = actors(identity)
      return all
        .map((actor) =>
          rulingFor(actor, rules, connection, {
            now: moment.now,
            // What was granted to the two together was granted to each, for this.
            granted: moment.granted.filter(
              (grant) => grant.connection === connection.name && (grant.identity === actor.id || grant.identity === identity.id),
            ),
          }),
        )
        .reduce(both)
    },
    requestable: (identity: Identity, connection: ConnectionDocument): readonly AccessDocument[] =>
      documents.filter(
        (document) =>
          document.request !== undefined && actors(identity).every((actor) => misfit(document, actor, connection) === null),
      ),
  }
}

function both(a: AccessRuling, b: AccessRuling): AccessRuling {
  return {
    allowed: a.allowed && b.allowed,
    reasons: [...a.reasons, ...b.reasons],
    until: sooner(a.until, b.until),
    grants: [...new Set([...a.grants, ...b.grants])],
  }
}

type Finding = Reason & { readonly until: Date | null; readonly grant: string | null }

function rulingFor(actor: Identity, rules: readonly Rule[], connection: ConnectionDocument, moment: AccessMoment): AccessRuling {
  const found = rules.map((rule) => finding(rule, actor, connection, moment))
  const reasons = found.map(({ rule, matched, words }) => ({ rule, matched, words }))
  const matched = found.filter((each) => each.matched)
  const standing = matched.filter(({ grant }) => grant === null)
  // The answer stands as long as the last of those that carry it.
  const carrying = standing.length > 0 ? standing : matched
  const until = carrying.some((each) => each.until === null)
    ? null
    : carrying.map((each) => each.until).reduce((a, b) => (a !== null && b !== null && a > b ? a : b), null)
  const grants = standing.length > 0 ? [] : matched.flatMap(({ grant }) => grant ?? [])
  return { allowed: matched.length > 0, reasons, until, grants }
}

function finding({ document, hours }: Rule, actor: Identity, connection: ConnectionDocument, moment: AccessMoment): Finding {
  const rule = `Access/${document.name}`
  const no = (words: string): Finding => ({ rule, matched: false, words, until: null, grant: null })
  const why = misfit(document, actor, connection)
  if (why !== null) return no(why)
  const open = hours === null ? { until: null } : hours.openAt(moment.now)
  if (open === null) return no(`it holds ${document.hours}, and not now`)
  const who = `allow: ${actor.name} is in ${document.groups.filter((group) => actor.groups.includes(group)).join(', ')}`
  if (document.request === undefined) return { rule, matched: true, words: who, until: open.until, grant: null }
  const grant = moment.granted
    .filter(({ access, endsAt }) => access === document.name && endsAt > moment.now)
    .reduce<Granted | null>((a, b) => (a !== null && a.endsAt >= b.endsAt ? a : b), null)
  if (grant === null) return no(`it must be asked for: hoop access request ${connection.name}`)
  const words = `${who}, and it was granted until ${grant.endsAt.toISOString()} (${grant.id})`
  return { rule, matched: true, words, until: sooner(open.until, grant.endsAt), grant: grant.id }
}

function misfit({ groups, kinds, connections }: AccessDocument, actor: Identity, connection: ConnectionDocument): string | null {
  return connectionMisfit(connections, connection) ?? identityMisfit(kinds ? { groups, kinds } : { groups }, actor)
}

function sooner(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}
