import { HoopError } from '@hoop/contracts'
import { expect, test } from 'vitest'
import type { Metadata } from './issuer.ts'
import { LoginFlows } from './login-flows.ts'

const known = { issuer: 'https://i', jwks_uri: 'https://i/keys' }
const page = { authorization_endpoint: 'https://i/page' }
const code = { device_authorization_endpoint: 'https://i/code' }
const S256 = { code_challenge_methods_supported: ['plain', 'S256'] }

test.each<[string, Partial<Metadata>, ('browser' | 'device')[]]>([
  ['both', { ...page, ...code, ...S256 }, ['browser', 'device']],
  ['a page only', page, ['browser']],
  ['codes only', code, ['device']],
  ['neither', {}, []],
  ['a page without PKCE', { ...page, ...code, code_challenge_methods_supported: ['plain'] }, ['device']],
])('of a provider that has %s', async (_, has, flows) => {
  const metadata = async () => ({ ...known, ...has })
  expect(await new LoginFlows({ allowed: ['browser', 'device'], metadata }).offered()).toEqual(flows)
  expect(await new LoginFlows({ allowed: ['browser'], metadata }).offered()).toEqual(flows.filter((flow) => flow === 'browser'))
})

test('a provider that does not answer is not asked again at once, whoever asks', async () => {
  let asked = 0
  const metadata = async (): Promise<Metadata> => {
    asked++
    throw new HoopError('unavailable', 'no route')
  }
  const flows = new LoginFlows({ allowed: ['browser'], metadata })
  expect([await flows.offered(), await flows.offered(), asked]).toEqual([null, null, 1])
})
