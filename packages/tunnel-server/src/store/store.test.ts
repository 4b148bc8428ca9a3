import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silent, startServer, type TestServer, until } from '../testing/parts.ts'
import { ChangeFeed } from './change-feed.ts'
import { notify, Store } from './database.ts'
import { sessionIndex } from './session-index.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())

const identity = {
  id: 'https://i#ada',
  kind: 'person' as const,
  name: 'Ada',
  email: null,
  groups: ['engineering'],
  issuer: 'https://i',
}

test('gateways that start together on an empty store take turns at making it', async () => {
  const stores = await Promise.all([1, 2, 3, 4].map(() => Store.open(server.url, silent)))
  await Promise.all(stores.map((store) => store.ping()))
  await Promise.all(stores.map((store) => store.close()))
})

test('the index of sessions gives back what was put in, and as open only those of this gateway', async () => {
  const store = await Store.open(server.url, silent)
  const [ours, theirs] = [sessionIndex(store, 'gateway-1'), sessionIndex(store, 'gateway-2')]
  const session = { identity, connection: 'shop', via: 'exec', reason: 'why' }
  const [id, other] = [randomUUID(), randomUUID()]
  await ours.insert({ ...session, id, openedAt: new Date(1000) })
  await theirs.insert({ ...session, id: other, connection: 'stock', openedAt: new Date(2000) })
  expect((await ours.open()).map((each) => each.id)).toEqual([id])
  const all = { identity: identity.id, connection: null, state: null, limit: 10 }
  expect((await ours.list(all)).map((each) => each.id)).toEqual([other, id])
  expect((await ours.list({ ...all, connection: 'shop' })).map((each) => each.id)).toEqual([id])
  await ours.close(id, 'done', 7)
  await ours.close(id, 'again', 9)
  expect(await ours.get(id)).toEqual({
    ...session,
    id,
    state: 'closed',
    openedAt: '1970-01-01T00:00:01.000Z',
    closedAt: expect.any(String),
    words: 'done',
    operations: 7,
  })
  expect((await ours.list({ ...all, state: 'open', limit: 1 })).map((each) => each.id)).toEqual([other])
  expect(await ours.get('none')).toBeNull()
  await store.close()
})

test('a change is heard once its transaction is committed, and never when it is not', async () => {
  const store = await Store.open(server.url, silent)
  const feed = await ChangeFeed.open(server.url, silent)
  const heard: (string | null)[] = []
  feed.on('logins', (id) => heard.push(id))
  feed.on('approvals', () => heard.push('of another topic'))
  const undone = store.transaction(async (db) => {
    await notify(db, 'logins', 'undone')
    throw new Error('changed its mind')
  })
  await expect(undone).rejects.toThrow('changed its mind')
  await store.transaction((db) => notify(db, 'logins', 'one with spaces'))
  await until(() => heard.length > 0)
  expect(heard).toEqual(['one with spaces'])
  await feed.close()
  await store.close()
})

test('a store that is gone is unavailable; when it is back, everything is read again', async () => {
  const store = await Store.open(server.url, silent)
  const feed = await ChangeFeed.open(server.url, silent)
  const heard: (string | null)[] = []
  feed.on('documents', (id) => heard.push(id))
  await server.stop()
  await expect(store.ping()).rejects.toMatchObject({ code: 'unavailable' })
  await expect(store.transaction(async () => 1)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(sessionIndex(store, 'g').get('x')).rejects.toMatchObject({ code: 'unavailable' })
  await expect(Store.open(server.url, silent)).rejects.toMatchObject({ code: 'unavailable' })
  await until(() => !feed.fresh)
  await server.start()
  await until(() => feed.fresh)
  expect(heard).toEqual([null])
  await store.ping()
  await feed.close()
  await store.close()
})

test('a store of a newer gateway is left alone, with words', async () => {
  const store = await Store.open(server.url, silent)
  const newer = sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('newer', 9999999999999)`
  await store.run((db) => db.execute(newer))
  await expect(Store.open(server.url, silent)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('written by a newer gateway'),
  })
  await store.run((db) => db.execute(sql`delete from drizzle.__drizzle_migrations where hash = 'newer'`))
  await store.close()
})
