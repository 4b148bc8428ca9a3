import type { AgentInstance, AgentList, DialAnswer } from '@hoop/contracts'
import { escapeLine } from './escape.ts'
import { type Screen, table } from './screen.ts'
import { localTime } from './time.ts'

export function agentTable(screen: Screen, agents: readonly AgentInstance[]): Promise<string> {
  const rows = agents.map(({ name, id, state, onlineSince, streams, version, host, address, seenAt }) => [
    name,
    id,
    state,
    onlineSince === null ? '' : localTime(onlineSince),
    String(streams),
    version,
    `${host} (${address})`,
    localTime(seenAt),
  ])
  const { colour } = screen
  const head = ['NAME', 'ID', 'STATE', 'SINCE', 'STREAMS', 'VERSION', 'FROM', 'SEEN']
  return table(screen, head, rows, (cell, column) => {
    if (column === 0) return colour.bold(cell)
    if (column !== 2) return cell
    return cell === 'online' ? colour.green(cell) : cell === 'offline' ? colour.yellow(cell) : colour.dim(cell)
  })
}

/** A line for each name that connections have, and no agent. */
export function missingAgents({ missing }: Pick<AgentList, 'missing'>): string[] {
  return missing.map(
    ({ name, connections }) => `No agent ${name} has joined, which ${connections.join(', ')} needs: hoop agents token ${name}`,
  )
}

/** What an agent says of itself, for its log. */
type AgentEvent =
  | { readonly event: string; readonly words: string }
  | { readonly event: 'dialled'; readonly target: string; readonly answer: DialAnswer }

const answers: Record<DialAnswer, string> = {
  connected: 'connected',
  refused: 'refused by the other side',
  noAnswer: 'no answer',
  unreachable: 'no way to it',
  unknownName: 'the name is not known',
  notListed: 'not dialled: it is not on the allow-list',
  neverDialled: 'not dialled: no agent ever dials such an address',
}

export function agentWords(event: AgentEvent): string {
  const words = 'target' in event ? `${event.target}: ${answers[event.answer]}` : event.words
  return `${new Date().toISOString()} ${event.event} ${escapeLine(words)}`
}
