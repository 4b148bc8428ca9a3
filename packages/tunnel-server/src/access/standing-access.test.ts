import { HoopError } from '@hoop/contracts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, openParts, type Parts, startServer, type TestServer } from '../testing/parts.ts'
import { StandingAccess } from './standing-access.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
})
afterAll(async () => {
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

test('it ends at the moment at which the login runs out', async () => {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iat: now - 12 * 3600 + 2, exp: now + 60 }
  const { access_token } = await parts.logins.exchange(await issuer.idToken({ sub: 'ada', claims }), parts.device.thumbprint)
  const caller = await parts.logins.verifyAccessToken(access_token)
  const { signal } = parts.standing.hold(caller)
  expect(signal.aborted).toBe(false)
  await expect.poll(() => signal.aborted, { timeout: 30_000 }).toBe(true)
  expect(signal.reason).toMatchObject({ code: 'invalid_token', message: 'The login has run out.' })
})

test('it ends at once for a login that was ended between the token and the hold', async () => {
  const caller = await callerOf(parts, issuer, 'ada')
  await parts.store.run((db) => db.execute(`update logins set ended_at = now() where id = '${caller.login}'`))
  await parts.store.run((db) => db.execute(`select pg_notify('hoop_changes', 'logins ${caller.login}')`))
  await vi.waitFor(() => expect(parts.logins.hasEnded(caller.login)).toBe(true), { timeout: 30_000 })
  expect(parts.standing.hold(caller).signal.reason).toMatchObject({ message: 'The login was ended.' })
})

test('a machine whose document changed while it could not be told which are in force is cut off when it can', async () => {
  const { documents, ...others } = parts
  let known = true
  let changed = () => {}
  const unsure: Pick<typeof documents, 'current' | 'onChange'> = {
    current: () => {
      if (!known) throw new HoopError('unavailable', 'no word of it')
      return documents.current()
    },
    onChange: (listener) => {
      changed = listener
      return () => {}
    },
  }
  const caller = await callerOf(parts, issuer, 'robot')
  known = false
  const gone = { ...caller, machine: { document: 'Trust/gone', digest: 'x', principal: null } }
  const held = new StandingAccess({ ...others, documents: unsure }).hold(gone)
  changed()
  expect(held.signal.aborted).toBe(false)
  known = true
  await expect.poll(() => held.signal.aborted, { timeout: 30_000 }).toBe(true)
  expect(held.signal.reason).toMatchObject({ message: expect.stringContaining('was removed') })
  held.release()
})

test('what was let go is told nothing any more', async () => {
  const caller = await callerOf(parts, issuer, 'grace')
  let released = false
  const held = parts.standing.hold(caller, () => {
    if (released) throw new Error('asked after its release')
    return null
  })
  released = true
  held.release()
  await parts.documents.reload()
  expect(held.signal.aborted).toBe(false)
})

test('one identity may have so much going on, and again when some of it has ended', async () => {
  const [caller, other] = [await callerOf(parts, issuer, 'heidi'), await callerOf(parts, issuer, 'ivan')]
  const held = Array.from({ length: 2560 }, () => parts.standing.hold(caller))
  expect(() => parts.standing.hold(caller)).toThrow(/and may have no more/)
  parts.standing.hold(other).release()
  held[0]?.release()
  held[0]?.release()
  held[0] = parts.standing.hold(caller)
  expect(() => parts.standing.hold(caller)).toThrow(/and may have no more/)
  for (const { release } of held) release()
})
