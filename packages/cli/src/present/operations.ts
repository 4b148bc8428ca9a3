import type { Identity, RecordedEvent } from '@hoop/contracts'
import { escapeLine, firstLine } from './escape.ts'
import type { Screen } from './screen.ts'
import { microseconds, span } from './time.ts'

type EventOf<Type extends RecordedEvent['type']> = Extract<RecordedEvent, { type: Type }>

/** One operation, gathered from the events of its record. */
export interface OperationView {
  readonly operation: EventOf<'operation'>
  readonly held: EventOf<'held'> | null
  readonly decided: EventOf<'decided'> | null
  readonly outcome: EventOf<'outcome'> | null
}

/** Gathers operations from events in order; what has its outcome is forgotten. */
export class OperationTracker {
  readonly #open = new Map<string, OperationView>()

  /** The operation that the event is about, as known after it; null for events about none. */
  add(event: RecordedEvent): OperationView | null {
    if (event.type === 'operation') return this.#keep(event.id, { operation: event, held: null, decided: null, outcome: null })
    if (event.type !== 'held' && event.type !== 'decided' && event.type !== 'outcome') return null
    const known = this.#open.get(event.operation)
    if (!known) return null
    switch (event.type) {
      case 'held':
        return this.#keep(event.operation, { ...known, held: event })
      case 'decided':
        return this.#keep(event.operation, { ...known, decided: event })
      case 'outcome':
        this.#open.delete(event.operation)
        return { ...known, outcome: event }
    }
  }

  #keep(id: string, view: OperationView): OperationView {
    if (view.operation.verdict !== 'refuse') this.#open.set(id, view)
    return view
  }
}

/** `refused`, `held`, `approved, done`, `error 42P01`: where an operation stands, in few words. */
export function standing({ operation, held, decided, outcome }: OperationView): string {
  if (operation.verdict === 'refuse') return 'refused'
  const words: string[] = []
  if (decided) words.push(decided.decision)
  else if (!outcome && (held || operation.verdict === 'hold')) return 'held'
  if (outcome && !(decided && outcome.kind === 'not-run'))
    words.push(outcome.error ? `error ${outcome.error.code}` : outcome.kind)
  if (words.length === 0) return 'running'
  return words.join(', ')
}

/** `SELECT 3, 2 masked, 12 ms`; without a completion tag the rows, as far as they came. */
export function result(outcome: EventOf<'outcome'>): string {
  const masked = Object.values(outcome.masked).reduce((sum, count) => sum + count, 0)
  const words: string[] = []
  if (outcome.tag !== null) words.push(outcome.tag)
  else if (outcome.rows > 0) words.push(`${outcome.rows} ${outcome.rows === 1 ? 'row' : 'rows'}`)
  if (masked > 0) words.push(`${masked} masked`)
  words.push(microseconds(outcome.duration))
  return words.join(', ')
}

/** Lines for what an event changed, as `hoop connect` and `hoop sessions tail` show it; none for events that say nothing to a person. */
export function liveLines(screen: Screen, view: OperationView, event: RecordedEvent): string[] {
  const { colour } = screen
  const text = firstLine(view.operation.text, Math.max(40, screen.width - 40))
  switch (event.type) {
    case 'operation':
      return event.verdict === 'refuse' ? refusal(screen, view, text) : []
    case 'held':
      return [
        `${colour.yellow('held')}     ${text}`,
        `         by ${escapeLine(event.rule)}; ${approvers(event.approvers)} may approve within ${span(event.timeout * 1000)}`,
        `         ${colour.bold(`hoop approvals show ${escapeLine(event.approval)}`)}`,
      ]
    case 'decided':
      return [
        `${tintDecision(screen, event.decision)} ${text}${by(event.by)}${event.reason ? `: ${escapeLine(event.reason)}` : ''}`,
      ]
    case 'outcome':
      return outcomeLines(screen, view, event, text)
    default:
      return []
  }
}

function refusal({ colour }: Screen, { operation }: OperationView, text: string): string[] {
  const lines = [`${colour.red('refused')}  ${text}`]
  if (operation.refusal) lines.push(`         by ${escapeLine(operation.refusal.rule)}: ${escapeLine(operation.refusal.message)}`)
  return lines
}

function outcomeLines({ colour }: Screen, view: OperationView, outcome: EventOf<'outcome'>, text: string): string[] {
  if (outcome.kind === 'not-run') return view.decided ? [] : [`${colour.dim('not run')}  ${text}`]
  if (outcome.error)
    return [`${colour.red('error')}    ${text}`, `         ${escapeLine(`${outcome.error.code}: ${outcome.error.message}`)}`]
  const word = outcome.kind === 'done' ? colour.green('done     ') : colour.yellow(outcome.kind.padEnd(9))
  const masks = Object.entries(outcome.masked).map(([rule, count]) => `${count} by ${escapeLine(rule)}`)
  const lines = [`${word}${text}  ${colour.dim(result(outcome))}`]
  if (masks.length > 0) lines.push(`         ${colour.dim(`masked ${masks.join(', ')}`)}`)
  return lines
}

function tintDecision({ colour }: Screen, decision: string): string {
  const word = decision.padEnd(8)
  return decision === 'approved' ? colour.green(word) : colour.red(word)
}

function by(identity: Identity | null): string {
  return identity ? ` by ${escapeLine(identity.email ?? identity.name)}` : ''
}

/** `any of dba, sre` */
export function approvers(groups: readonly string[]): string {
  return groups.length === 0 ? 'nobody' : escapeLine(groups.join(' or '))
}

/** All operations of a record, in order, each as it ended or stands. */
export async function gatherOperations(events: AsyncIterable<RecordedEvent>): Promise<OperationView[]> {
  const tracker = new OperationTracker()
  const views = new Map<string, OperationView>()
  for await (const event of events) {
    const view = tracker.add(event)
    if (view) views.set(view.operation.id, view)
  }
  return [...views.values()]
}
