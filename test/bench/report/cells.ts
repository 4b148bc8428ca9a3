import { type Figures, median } from '../figures.ts'

/** What stands for a figure that was not taken. */
export const none = ''

export const names: Readonly<Record<string, string>> = {
  direct: 'direct',
  pgbouncer: 'pgbouncer',
  proxy: 'bare proxy alone',
  bare: 'bare chain',
  tunnel: "hoop's tunnel alone",
  hoop: 'hoop',
  agent: 'hoop, through an agent',
}

export function number(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return none
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** `4,021 (3,900 to 4,100)` */
export function spread(values: readonly number[], digits = 0): string {
  if (values.length === 0) return none
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((value) => number(value, digits))
  return values.length === 1 ? `${middle}` : `${middle} (${least} to ${most})`
}

/** Statements that a candidate was sent at one point and operations on its record; nothing for one that keeps no record. */
export function countOf(figures: Figures, candidate: string, points: readonly string[]): [string, string] {
  const counts = figures.counts.filter((each) => each.candidate === candidate && points.includes(each.point))
  if (counts.length === 0) return [none, none]
  const sum = (which: 'sent' | 'recorded') => counts.reduce((total, each) => total + each[which], 0)
  return [number(sum('sent')), number(sum('recorded'))]
}

export function micros(value: number): string {
  return Number.isFinite(value) ? `${number(value)} µs` : none
}
