import {
  type ConnectionDocument,
  type ExplainedColumn,
  type ExplainRequest,
  type ExplainResponse,
  type Explanation,
  HoopError,
  type Identity,
  type MaskPlan,
  type Operation,
  type Output,
  type PolicyQuestion,
  type SupposedIdentity,
} from '@hoop/contracts'
import type { Judgement, MaskReason } from '@hoop/policy'
import type { ReadText } from '@hoop/protocols'
import type { Documents, InForce } from '../documents/documents.ts'
import { inForceWith } from './proposed.ts'
import type { StatementReader } from './statement-reader.ts'

/** Says what would become of statements that nobody sends: read and judged by the code that sessions use. */
export class Explainer {
  readonly #documents: Documents
  readonly #reader: StatementReader

  constructor(parts: { readonly documents: Documents; readonly reader: StatementReader }) {
    this.#documents = parts.documents
    this.#reader = parts.reader
  }

  /** `asker`: for whom it is explained where a question supposes nobody. Rejects with a HoopError. */
  async explain(asker: Identity, { documents = undefined, questions }: ExplainRequest): Promise<ExplainResponse> {
    const inForce = inForceWith(this.#documents, documents ?? null)
    const readings = new Map<string, Promise<ReadText>>()
    const explanations: Explanation[] = []
    for (const question of questions) {
      const connection = inForce.connections.get(question.connection)
      const registered = this.#documents.connection(question.connection)
      if (connection === undefined || registered === null) throw notRegistered(question.connection)
      const { database = null } = question
      const key = JSON.stringify([connection.name, database])
      let reading = readings.get(key)
      if (reading === undefined) {
        reading = this.#reader.open(connection, registered, database)
        readings.set(key, reading)
      }
      const operation = await (await reading)(question.statement)
      explanations.push(explanation(asker, question, labelled(connection, question.labels), operation, inForce))
    }
    return { policyVersion: inForce.rules.version, explanations }
  }
}

function notRegistered(name: string): HoopError {
  return new HoopError('not_found', `There is no Connection/${name}.`, {
    hint: 'What a statement does is read from the database behind it: register it first. hoop get connection shows those that there are.',
  })
}

function labelled(connection: ConnectionDocument, labels: PolicyQuestion['labels']): ConnectionDocument {
  return labels === undefined ? connection : { ...connection, labels: { ...connection.labels, ...labels } }
}

/** With an id that no login has. */
function supposed({ kind, groups, onBehalfOf }: SupposedIdentity): Identity {
  const somebody = { id: `supposed ${kind}`, name: `some ${kind}`, email: null, groups, issuer: 'supposed' }
  if (onBehalfOf === undefined) return { ...somebody, kind }
  const person = { id: 'supposed person', name: 'some person', email: null, groups: onBehalfOf.groups, issuer: 'supposed' }
  return { ...somebody, id: `${somebody.id} for ${person.id}`, kind, onBehalfOf: person }
}

function explanation(
  asker: Identity,
  question: PolicyQuestion,
  connection: ConnectionDocument,
  operation: Operation,
  { rules }: InForce,
): Explanation {
  const identity = question.identity === undefined ? asker : supposed(question.identity)
  const now = question.at === undefined ? new Date() : new Date(question.at)
  const access = rules.mayUse(identity, connection, { now, granted: [] })
  const session = { id: 'ses_none', reason: question.reason }
  const judgement = rules.judge({ identity, connection, operation, session, now })
  const plan = rules.masks(identity, connection)
  const masks = rules.maskReasons(identity, connection, operation)
  const { effects, objects, functions, facts } = operation
  return {
    verdict: access.allowed ? verdictOf(judgement) : 'no-access',
    reasons: [...judgement.reasons],
    access: [...access.reasons],
    refusal: judgement.decision === 'refuse' ? judgement.refusal : null,
    approvals:
      judgement.decision === 'approve'
        ? judgement.approvals.map(({ rule, groups, timeout, message }) => ({ rule, groups: [...groups], timeout, message }))
        : [],
    effects: [...effects],
    objects: [...objects],
    functions: [...functions],
    verbs: [...facts.verbs],
    unbounded: facts.unbounded,
    destructive: facts.destructive,
    results: operation.parts.map(({ verb, outputs }) => ({
      verb,
      columns: outputs === 'opaque' ? null : outputs.map((output) => explainedColumn(output, plan, masks)),
    })),
    masks: masks.map(({ columns, fields, detects, ...mask }) => ({
      ...mask,
      columns: [...columns],
      fields: [...fields],
      detects: [...detects],
    })),
  }
}

function verdictOf({ decision }: Judgement): Explanation['verdict'] {
  return decision
}

function explainedColumn({ name, sources, form }: Output, plan: MaskPlan, masks: readonly MaskReason[]): ExplainedColumn {
  const mask = plan.column(sources, form)
  const from = sources === 'opaque' ? sources : sources.map(({ schema, table, column }) => `${schema}.${table}.${column}`)
  if (mask === null) return { name, sources: from, mask: null }
  const named = masks.find(({ rule }) => rule === mask.rule)?.columns ?? []
  const columns = from === 'opaque' ? [] : from.filter((column) => named.includes(column))
  return { name, sources: from, mask: { rule: mask.rule, method: mask.method, columns } }
}
