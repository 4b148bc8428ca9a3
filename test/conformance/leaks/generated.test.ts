import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fields, type Message } from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import type { Mode } from './caller.ts'
import { Choices } from './choices.ts'
import { script } from './grammar.ts'
import { Worlds } from './worlds.ts'

/*
 * Non-interference: whatever a caller asks, two databases that differ in masked values only answer alike, to the byte: rows, their descriptions,
 * errors, notices, command tags. What names no masked column is what the database answers without hoop.
 */

const scripts = Number(process.env.LEAKS_SCRIPTS ?? 10_000)
const seed = Number(process.env.LEAKS_SEED ?? 20_261_123)

let worlds: Worlds
beforeAll(async () => {
  worlds = await Worlds.start()
})
afterAll(() => worlds.stop())

test('what differs in masked values only answers alike', { timeout: 600_000 }, async () => {
  const count = { statements: 0, answered: 0, refused: 0, failed: 0, masked: 0, compared: 0 }
  const numbers = fc.array(fc.noBias(fc.nat(5039)), { maxLength: 250, size: 'max' })
  const mode = fc.constantFrom<Mode>('simple', 'extended', 'binary')
  const property = fc.asyncProperty(numbers, mode, async (chosen, how) => {
    const { statements, open } = script(new Choices(chosen))
    const [one, other] = await worlds.both(statements, how)
    count.statements += statements.length
    count.refused += Math.min(one.refused, statements.length)
    const failed = one.messages.filter(({ tag }) => tag === 'E').length - one.refused
    count.failed += Math.max(0, failed)
    count.answered += statements.length - Math.min(statements.length, one.refused + Math.max(0, failed))
    count.masked += one.masked
    expect(shown(other.messages), statements.join('; ')).toEqual(shown(one.messages))
    if (!open || one.refused > 0) return
    count.compared++
    expect(answers(one.messages), statements.join('; ')).toEqual(answers(await worlds.without(statements, how)))
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

/** Every message; what a script makes has another number each time. */
function shown(messages: readonly Message[]): readonly string[] {
  return messages.map(({ tag, body }) => `${tag} ${(tag === 'T' ? withoutNew(body) : body).toString('latin1')}`)
}

/** A row description without the numbers of relations that were made after the scene. */
function withoutNew(body: Buffer): Buffer {
  const copy = Buffer.from(body)
  for (let at = 2; at < copy.length; at += 18) {
    at = copy.indexOf(0, at) + 1
    if (copy.readUInt32BE(at) >= worlds.firstNew) copy.writeUInt32BE(0, at)
  }
  return copy
}

/** What hoop leaves as it is: all but the words of errors. */
function answers(messages: readonly Message[]): readonly string[] {
  return messages.map((message) =>
    message.tag === 'E' || message.tag === 'N' ? `${message.tag} ${fields(message).get('C')}` : shown([message]).join(''),
  )
}
