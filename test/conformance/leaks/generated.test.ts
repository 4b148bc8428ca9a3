import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fields, type Message } from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import type { Mode } from './caller.ts'
import { Choices } from './choices.ts'
import { script } from './grammar.ts'
import { shown } from './shown.ts'
import { anyValues, Worlds } from './worlds.ts'

/*
 * Non-interference: whatever a caller asks, two databases that differ in masked values only answer alike, to the byte: rows, their descriptions,
 * errors, notices, command tags. What names no masked column is what the database answers without hoop.
 */

const scripts = Number(process.env.LEAKS_SCRIPTS ?? 10_000)
const seed = Number(process.env.LEAKS_SEED ?? 20_261_123)

let worlds: Worlds
beforeAll(async () => {
  worlds = await Worlds.start({ filter: 'never', values: anyValues })
})
afterAll(() => worlds.stop())

test('what differs in masked values only answers alike', { timeout: 600_000 }, async () => {
  const count = { statements: 0, answered: 0, refused: 0, failed: 0, masked: 0, compared: 0 }
  const numbers = fc.array(fc.noBias(fc.nat(5039)), { maxLength: 250, size: 'max' })
  const mode = fc.constantFrom<Mode>('simple', 'extended', 'binary')
  const property = fc.asyncProperty(numbers, mode, async (chosen, how) => {
    const { statements: texts, open } = script(new Choices(chosen))
    const statements = texts.map((text) => ({ text }))
    const [one, other] = await worlds.both(statements, how)
    count.statements += statements.length
    count.refused += Math.min(one.refused, statements.length)
    const failed = one.messages.filter(({ tag }) => tag === 'E').length - one.refused
    count.failed += Math.max(0, failed)
    count.answered += statements.length - Math.min(statements.length, one.refused + Math.max(0, failed))
    count.masked += one.masked
    expect(shown(other.messages, worlds.firstNew), texts.join('; ')).toEqual(shown(one.messages, worlds.firstNew))
    if (!open || one.refused > 0) return
    count.compared++
    expect(answers(one.messages), texts.join('; ')).toEqual(answers(await worlds.without(statements, how)))
  })
  try {
    await fc.assert(property, { numRuns: scripts, seed, endOnFailure: false })
  } finally {
    const words = Object.entries(count).map(([what, number]) => `${what}: ${number}`)
    process.stdout.write(`${words.join(', ')}\n`)
  }
  expect(count.answered / count.statements).toBeGreaterThan(0.5)
  expect(count.masked).toBeGreaterThan(scripts / 2)
  expect(count.compared).toBeGreaterThan(scripts / 10)
})

/** What hoop leaves as it is: all but the words of errors. */
function answers(messages: readonly Message[]): readonly string[] {
  return messages.map((message) =>
    message.tag === 'E' || message.tag === 'N'
      ? `${message.tag} ${fields(message).get('C')}`
      : shown([message], worlds.firstNew).join(''),
  )
}
