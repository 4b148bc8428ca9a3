import { beforeAll, expect, test } from 'vitest'
import type { PostgresContext } from '../protocol.ts'
import { Catalogues, type SessionView } from './catalogues.ts'
import { fakeBackend, fakeUpstream } from './fake-backend.fixture.ts'
import { loadParser } from './parser.ts'
import { noSessionNames } from './session-change.ts'

beforeAll(loadParser)

/** What a catalogue read asks of its session; its dials wait for `open`. */
function session() {
  const dial = fakeBackend(() => undefined)
  const opened = Promise.withResolvers<void>()
  const ending = new AbortController()
  let dials = 0
  const context = {
    upstream: async () => fakeUpstream,
    own: () => undefined,
    signal: ending.signal,
    dial: async (upstream, signal) => {
      dials++
      await opened.promise
      signal?.throwIfAborted()
      return dial(upstream, signal)
    },
  } satisfies Partial<PostgresContext>
  return { context: context as unknown as PostgresContext, ending, open: opened.resolve, dials: () => dials }
}
const text = 'select 1'
const view: SessionView = {
  uncertain: false,
  temporary: new Map(),
  types: [],
  searchPath: null,
  names: () => noSessionNames,
  parameterTypes: [],
  transparent: false,
}

test('those who ask together wait for one read', async () => {
  const catalogues = new Catalogues()
  const { context, open, dials } = session()
  const both = [catalogues.statement(context, 'shop', text, view), catalogues.statement(context, 'shop', text, view)]
  open()
  await Promise.all(both)
  expect(dials()).toBe(1)
})

test('a read that DDL overtook does not serve who asks after it', async () => {
  const catalogues = new Catalogues()
  const { context, open, dials } = session()
  const before = catalogues.statement(context, 'shop', text, view)
  catalogues.changed()
  const after = catalogues.statement(context, 'shop', text, view)
  open()
  await Promise.all([before, after])
  expect(dials()).toBe(2)
})

test('a session that ends while it reads takes nobody along', async () => {
  const catalogues = new Catalogues()
  const first = session()
  const second = session()
  const theirs = Promise.resolve(catalogues.statement(first.context, 'shop', text, view)).catch((error: unknown) => error)
  const ours = catalogues.statement(second.context, 'shop', text, view)
  first.ending.abort(new Error('killed'))
  first.open()
  second.open()
  expect(await theirs).toBeInstanceOf(Error)
  expect(await ours).toMatchObject({ empty: false })
})
