import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Mode } from './caller.ts'
import { Choices } from './choices.ts'
import { question, renamedValues } from './questions.ts'
import { shown } from './shown.ts'
import { type Hidden, type Sent, Worlds } from './worlds.ts'

/*
 * What `filter: equality` leaves open is whether values are equal, as written or in any case, and nothing else. So if every masked value of a
 * database is renamed, equal ones alike and others apart, and a caller renames the constants and parameters of a statement in the same way, the
 * answers are the same, to the byte. Whatever asks for more (order, length, letters) would answer by the new names.
 */

const scripts = Number(process.env.LEAKS_SCRIPTS ?? 10_000)
const seed = Number(process.env.LEAKS_SEED ?? 20_261_124)

class Difference extends Error {}

interface Found {
  readonly failed: boolean
  readonly statement: Sent | null
  readonly answered: number
  readonly filtered: number
}

/** Asks in both worlds until answers differ, and then for the simplest statement that does. */
async function search(filter: Hidden['filter'], numRuns: number): Promise<Found> {
  const worlds = await Worlds.start({ filter, values: renamedValues })
  let [answered, filtered] = [0, 0]
  const numbers = fc.array(fc.noBias(fc.nat(5039)), { maxLength: 60, size: 'max' })
  const mode = fc.constantFrom<Mode>('simple', 'extended', 'binary')
  const property = fc.asyncProperty(numbers, mode, async (chosen, how) => {
    const [own, renamed] = [1, 2].map((world) => [question(new Choices(chosen), world)])
    const [one, other] = await worlds.both(own ?? [], how, renamed)
    if (one.refused === 0) answered++
    if (one.refused === 0 && one.messages.some(({ tag }) => tag === 'D')) filtered++
    const [said, saidOther] = [one, other].map(({ messages }) => shown(messages, worlds.firstNew).join('\n'))
    if (said !== saidOther) throw new Difference(`${said}\n\n${saidOther}`)
  })
  try {
    const { failed, counterexample, errorInstance } = await fc.check(property, { numRuns, seed })
    if (failed && !(errorInstance instanceof Difference)) throw errorInstance
    return { failed, statement: counterexample === null ? null : question(new Choices(counterexample[0]), 1), answered, filtered }
  } finally {
    await worlds.stop()
  }
}

test('under equality, renamed values and constants are answered alike', { timeout: 300_000 }, async () => {
  const { statement, answered, filtered } = await search('equality', scripts)
  expect(statement).toBeNull()
  process.stdout.write(`answered: ${answered}, with rows: ${filtered}\n`)
  expect(answered).toBeGreaterThan(scripts / 4)
  expect(filtered).toBeGreaterThan(scripts / 8)
})

test('under any, they are not, and a short statement shows it', { timeout: 120_000 }, async () => {
  const { failed, statement } = await search('any', 1000)
  expect(failed).toBe(true)
  process.stdout.write(`${statement?.text}\n`)
  expect(statement?.text.length).toBeLessThan(150)
})

test('under never, no question for a masked column is answered', { timeout: 120_000 }, async () => {
  const { statement, answered } = await search('never', 500)
  expect(statement).toBeNull()
  expect(answered).toBe(0)
})
