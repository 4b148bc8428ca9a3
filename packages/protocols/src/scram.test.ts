import { describe, expect, test, vi } from 'vitest'
import { scramVerifier } from './scram.fixture.ts'
import { ScramClient, ScramError, ScramServer } from './scram.ts'

// RFC 7677, section 3.
const rfc = {
  password: 'pencil',
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  signature: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
}
// The module draws its nonce from here; the RFC's vector is the only one that says which.
const nonce = vi.hoisted(() => ({ next: null as string | null }))
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  return {
    ...crypto,
    randomBytes: (size: number) => (nonce.next === null ? crypto.randomBytes(size) : { toString: () => nonce.next }),
  }
})

const verifier = scramVerifier(rfc.password, Buffer.from(rfc.salt, 'base64'))
function server(): { scram: ScramServer; withoutProof: string } {
  nonce.next = rfc.serverNonce
  const scram = new ScramServer(verifier)
  const first = scram.first(rfc.clientFirst)
  nonce.next = null
  expect(first).toBe(`r=rOprNGfwEbeRWgbNEkqO${rfc.serverNonce},s=${rfc.salt},i=4096`)
  return { scram, withoutProof: `c=biws,r=rOprNGfwEbeRWgbNEkqO${rfc.serverNonce}` }
}

test('the vector of RFC 7677', () => {
  const { scram, withoutProof } = server()
  expect(scram.final(`${withoutProof},p=${rfc.proof}`)).toBe(rfc.signature)
})

describe('the server refuses', () => {
  const wrong: Readonly<Record<string, (withoutProof: string) => string>> = {
    'another proof': (message) => `${message},p=${Buffer.alloc(32).toString('base64')}`,
    'a proof of another length': (message) => `${message},p=AAAA`,
    'no proof': (message) => message,
    'an empty proof': (message) => `${message},p=`,
    'another nonce': (message) => `${message.slice(0, -1)}x,p=${rfc.proof}`,
    'another channel binding': (message) => `${message.replace('c=biws', 'c=eSws')},p=${rfc.proof}`,
    'an attribute twice': (message) => `${message},c=biws,p=${rfc.proof}`,
    nothing: () => '',
  }
  for (const [name, final] of Object.entries(wrong)) {
    test(name, () => {
      const { scram, withoutProof } = server()
      expect(() => scram.final(final(withoutProof))).toThrow(ScramError)
    })
  }
  test('a proof that another exchange was answered with', () => {
    const scram = new ScramServer(verifier)
    scram.first(rfc.clientFirst)
    expect(() => scram.final(`c=biws,r=rOprNGfwEbeRWgbNEkqO${rfc.serverNonce},p=${rfc.proof}`)).toThrow('nonce')
  })
  test('a proof before any exchange', () => {
    expect(() => new ScramServer(verifier).final(`c=biws,r=,p=${rfc.proof}`)).toThrow(ScramError)
  })
  for (const first of [
    '',
    'p=tls-unique,,n=,r=12345678',
    'n,a=root,n=,r=12345678',
    'n,,m=x,n=,r=12345678',
    'n,,n=',
    'n,,n=,r=1',
    'n,,n=,r=1,r=2',
  ])
    test(`the beginning ${JSON.stringify(first)}`, () => expect(() => new ScramServer(verifier).first(first)).toThrow(ScramError))
})

describe('the client', () => {
  test('and the server agree, whatever the password', async () => {
    for (const password of ['', 'x', 'pässwörd', 'a,b=c', '🂡'.repeat(50)]) {
      const client = new ScramClient(password)
      const scram = new ScramServer(scramVerifier(password))
      client.verify(scram.final(await client.final(scram.first(client.first()))))
    }
  })
  test('proves the password that it was given, whatever was proven under the same salt before', async () => {
    const verifier = scramVerifier('right', Buffer.from('one salt of many'))
    const prove = async (password: string): Promise<void> => {
      const client = new ScramClient(password)
      const scram = new ScramServer(verifier)
      client.verify(scram.final(await client.final(scram.first(client.first()))))
    }
    await Promise.all([prove('right'), prove('right')])
    await expect(prove('wrong')).rejects.toThrow(ScramError)
    for (let i = 0; i < 70; i++) await expect(prove(`wrong ${i}`)).rejects.toThrow(ScramError)
    await prove('right')
  })
  test('refuses a server that does not know the password', async () => {
    const client = new ScramClient('right')
    const scram = new ScramServer(scramVerifier('right'))
    await client.final(scram.first(client.first()))
    for (const final of [`v=${Buffer.alloc(32).toString('base64')}`, 'v=', 'v=AA', 'e=other-error', ''])
      expect(() => client.verify(final)).toThrow(ScramError)
  })
  test('refuses a server that changes the nonce, or would keep it busy', async () => {
    const client = new ScramClient('x')
    const nonceOf = client.first().replace(/^.*r=/, '')
    for (const reply of [
      'r=other,s=AAAA,i=4096',
      `r=${nonceOf},s=AAAA,i=4096`,
      `r=${nonceOf}x,s=AAAA,i=1`,
      `r=${nonceOf}x,s=AAAA,i=1000000000`,
    ])
      await expect(client.final(reply)).rejects.toThrow(ScramError)
  })
  test('refuses a proof before it has proven itself', () => {
    expect(() => new ScramClient('x').verify(rfc.signature)).toThrow(ScramError)
  })
})
