import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../state/temporary-folder.fixture.ts'
import { fileStore } from './file-store.ts'
import { localSecret, scramVerifier } from './local-secret.ts'

it('makes the verifier of PostgreSQL’s own SCRAM-SHA-256', async () => {
  // RFC 7677 section 3: user "user", password "pencil"; StoredKey and ServerKey as a PostgreSQL server keeps them for that salt
  const verifier = await scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))
  expect(verifier).toEqual({
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    iterations: 4096,
    storedKey: 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=',
    serverKey: 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  })
})

it('is one secret for each gateway and connection until it is rotated', async () => {
  const home = await temporaryFolder('secret')
  const of = (connection: string, rotate = false) =>
    localSecret({ store: fileStore(home), lock: join(home, 'lock'), gateway: 'https://g', connection, rotate })
  const first = await of('a')
  expect(first).toMatch(/^[\w-]{32}$/)
  expect(await of('a')).toBe(first)
  expect(await of('b')).not.toBe(first)
  const second = await of('a', true)
  expect(second).not.toBe(first)
  expect(await of('a')).toBe(second)
})
