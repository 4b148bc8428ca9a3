import { expect, test } from 'vitest'
import { localPassword, verifier } from '../scripted-gate.fixture.ts'
import { LocalAccess } from './local-access.ts'

const host = 'localhost:1'
const bearer = ['authorization', `Bearer ${localPassword}`] as const
const basic = ['authorization', `Basic ${btoa(`any:${localPassword}`)}`] as const
const own = ['origin', `https://${host}`] as const

test("a program may name the port's own origin with the secret that it was given: it is asked whether that is right", async () => {
  const wrong = ['authorization', 'Bearer wrong'] as const
  await expect(new LocalAccess(verifier).check([wrong, own], host)).rejects.toMatchObject({ status: 401 })
})

test.each([
  ['with a secret that browsers keep', [basic, own]],
  ['from another origin', [bearer, ['origin', 'https://evil.example'] as const]],
  ['from another port', [bearer, ['origin', 'https://localhost:2'] as const]],
  ['of a browser', [bearer, own, ['sec-fetch-site', 'same-origin'] as const]],
])('no web page: %s', async (_, headers) => {
  await expect(new LocalAccess(verifier).check(headers, host)).rejects.toMatchObject({ status: 403 })
})
