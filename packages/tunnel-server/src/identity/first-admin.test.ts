import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'
import { FirstAdmin } from './first-admin.ts'

let server: TestServer
let issuer: Issuer
/** Two gateways on one store. */
let parts: Parts
let other: Parts
const opened: FirstAdmin[] = []

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  other = await openParts(server, issuer, 'gateway-2')
})
afterAll(async () => {
  for (const firstAdmin of opened) firstAdmin.close()
  await parts?.close()
  await other?.close()
  await issuer?.close()
  await server?.remove()
})

const fileOf = ({ gateway }: Parts) => join(server.folder, `${gateway}-first-admin`)
const tokenOf = async (of: Parts) => (await readFile(fileOf(of), 'utf8')).trim()
const isThere = (of: Parts) =>
  stat(fileOf(of)).then(
    () => true,
    () => false,
  )
async function open(of: Parts, adminGroup: string | null = null): Promise<FirstAdmin> {
  const firstAdmin = await FirstAdmin.open({ ...of, adminGroup, file: fileOf(of) })
  opened.push(firstAdmin)
  return firstAdmin
}
async function tokensInStore(): Promise<number> {
  const { rows } = await parts.store.run((db) => db.execute('select row_to_json(t)::text as row from admin_tokens t'))
  if (await isThere(parts)) expect(JSON.stringify(rows)).not.toContain((await tokenOf(parts)).slice(11))
  return rows.length
}

test('where a group is admin there is no token', async () => {
  await open(parts, 'admins')
  expect([await isThere(parts), await tokensInStore()]).toEqual([false, 0])
})

test('without any admin each gateway leaves a token in a file of its own, which a restart leaves in force for its hour', async () => {
  await open(parts)
  await open(other)
  expect((await stat(fileOf(parts))).mode & 0o777).toBe(0o600)
  const token = await tokenOf(parts)
  expect(token).toMatch(/^hoop_admin_[\w-]{43}$/)
  expect(await tokenOf(other)).not.toBe(token)
  await open(parts)
  expect([await tokenOf(parts), await tokensInStore()]).toEqual([token, 2])

  await parts.store.run((db) => db.execute("update admin_tokens set expires_at = now() - interval '1 second'"))
  const ada = await callerOf(parts, issuer, 'ada')
  await expect((await open(other)).become(ada, token)).rejects.toMatchObject({
    code: 'no_access',
    message: expect.stringContaining('hour is over'),
  })
  await open(parts)
  expect(await tokenOf(parts)).not.toBe(token)
})

test('no machine, and nobody with another token, becomes an admin', async () => {
  const firstAdmin = await open(parts)
  const ada = await callerOf(parts, issuer, 'ada')
  const agent = { ...ada, identity: { ...ada.identity, kind: 'ai-agent' as const } }
  await expect(firstAdmin.become(agent, await tokenOf(parts))).rejects.toMatchObject({ code: 'no_access' })
  await expect(firstAdmin.become(ada, 'hoop_admin_guess')).rejects.toMatchObject({ code: 'no_access' })
  expect(parts.access.roles(ada.identity)).toEqual([])
})

test('of all who show a token at once one becomes an admin; it is on the record, and every token is void', async () => {
  const [here, there] = [await open(parts), await open(other)]
  const people = await Promise.all(['ada', 'bob', 'eve', 'joe'].map((name) => callerOf(parts, issuer, name)))
  const [token, othersToken] = [await tokenOf(parts), await tokenOf(other)]
  const results = await Promise.allSettled(
    people.map((caller, index) => (index % 2 === 0 ? here.become(caller, token) : there.become(caller, othersToken))),
  )
  const won = results.findIndex(({ status }) => status === 'fulfilled')
  expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([{ status: 'fulfilled', value: 'first-admin' }])
  for (const each of [parts, other]) {
    await until(() => each.access.roles(people[won]!.identity).includes('admin'))
    for (const [index, { identity }] of people.entries()) {
      expect(each.access.roles(identity)).toEqual(index === won ? ['admin'] : [])
    }
    await until(async () => !(await isThere(each)))
  }
  expect(await tokensInStore()).toBe(0)
  const loser = people[(won + 1) % people.length]!
  await expect(there.become(loser, othersToken)).rejects.toMatchObject({ code: 'conflict' })
  const { rows } = await parts.store.run((db) =>
    db.execute("select by->>'id' as by, target from admin_log where action = 'admin-token.use'"),
  )
  expect(rows).toEqual([{ by: people[won]!.identity.id, target: 'Role/first-admin' }])
  // The document is one like any other.
  expect(await parts.documentStore.print(people[won]!.identity, 'Role', 'first-admin')).toContain(people[won]!.identity.id)

  await open(other)
  expect([await isThere(other), await tokensInStore()]).toEqual([false, 0])
})
