import { Chalk, type ChalkInstance } from 'chalk'
import { escapeLine } from './escape.ts'

/** How to print on one stream. */
export interface Screen {
  /** Tables and colours are for terminals; otherwise rows are fields with tabs between. */
  readonly terminal: boolean
  readonly colour: ChalkInstance
  readonly width: number
}

export function screenOf(stream: NodeJS.WriteStream): Screen {
  const terminal = stream.isTTY === true
  const plain = !terminal || process.env.NO_COLOR
  return { terminal, colour: plain ? new Chalk({ level: 0 }) : new Chalk(), width: stream.columns ?? 100 }
}

/** Rows for a person, or for a program when this is no terminal. Cells are escaped here; `tint` colours a cell of the terminal's table. */
export async function table(
  screen: Screen,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  tint: (cell: string, column: number) => string = (cell) => cell,
): Promise<string> {
  const safe = rows.map((row) => row.map(escapeLine))
  if (!screen.terminal) return safe.map((row) => row.join('\t')).join('\n')
  const { default: Table } = await import('cli-table3')
  const none = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '', left: '', right: '', middle: '  ' }
  const edges = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  const grid = new Table({
    head: head.map((word) => screen.colour.dim(word)),
    chars: { ...none, ...edges },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  grid.push(...safe.map((row) => row.map((cell, column) => tint(cell, column))))
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** `name  value` lines, names aligned. Values are escaped here. */
export function fields(screen: Screen, pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${screen.colour.dim(name.padEnd(width))}  ${escapeLine(value)}`).join('\n')
}
