import { expect, test } from 'vitest'
import { Changes, type Touched } from './changes.ts'

const statement = (name: string, flows: 'opaque' | [] = [], redefines: Touched = new Set()) => ({
  operation: { objects: [{ kind: 'table', name, access: 'read' }], flows },
  redefines,
})
const [mine, theirs] = [{}, {}]

test('a change counts while it is open, and afterwards for what was read before', () => {
  const changes = new Changes()
  const before = changes.now
  const change = changes.begin(theirs, new Set(['v']))
  expect(changes.since(statement('public.v'), before)).toBe(true)
  expect(changes.since(statement('public.other'), before)).toBe(false)
  expect(changes.endedSince(statement('public.v'), before)).toBe(false)
  change.end()
  change.end()
  expect(changes.endedSince(statement('hidden.v'), before)).toBe(true)
  expect(changes.since(statement('public.v'), changes.now)).toBe(false)
})

test('a change that reaches further counts for everything', () => {
  const changes = new Changes()
  const before = changes.now
  changes.begin(theirs, 'anything').end()
  expect(changes.since(statement('public.v'), before)).toBe(true)
})

test('storing and redefining the same keep each other out, but not within a session', () => {
  const changes = new Changes()
  const redefining = statement('public.t', [], new Set(['v']))
  const storing = statement('public.v', 'opaque')
  const copy = changes.store(mine, storing)
  expect(changes.conflict(theirs, redefining)).toMatch(/^redefining/)
  expect(changes.conflict(mine, redefining)).toBeNull()
  copy.end()
  expect(changes.conflict(theirs, redefining)).toBeNull()
  const change = changes.begin(theirs, redefining.redefines)
  expect(changes.conflict(mine, storing)).toMatch(/^storing/)
  expect(changes.conflict(mine, statement('public.v'))).toBeNull()
  change.end()
  expect(changes.conflict(mine, storing)).toBeNull()
})
