import { HoopError } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { readSettings } from './settings.ts'

const production = {
  HOOP_OIDC_ISSUER: 'https://login.example.com',
  HOOP_OIDC_CLIENT_ID: 'hoop',
  HOOP_TLS_CERT: '/etc/hoop/cert.pem',
  HOOP_TLS_KEY: '/etc/hoop/key.pem',
}
const { HOOP_TLS_CERT: _cert, HOOP_TLS_KEY: _key, ...plain } = production

function refusal(environment: Record<string, string>): string {
  try {
    readSettings(environment)
  } catch (error) {
    if (error instanceof HoopError) return error.message
  }
  return ''
}

test('what is left out has a safe default', () => {
  expect(readSettings({ ...production, HOOP_DATABASE_URL: '' })).toMatchObject({
    listen: { host: '127.0.0.1', port: 8010 },
    publicUrl: null,
    databaseUrl: null,
    adminGroup: null,
    demo: false,
    logLevel: 'info',
    oidc: { groupsClaim: 'groups', scopes: ['openid', 'profile', 'email', 'groups'], flows: ['browser', 'device'] },
  })
})

test.each<[string, Record<string, string>]>([
  ['HOOP_OIDC_ISSUER must be a URL', { ...production, HOOP_OIDC_ISSUER: '' }],
  ['HOOP_OIDC_CLIENT_ID must be the client', { ...production, HOOP_OIDC_CLIENT_ID: '' }],
  ['HOOP_LISTEN must be host:port', { ...production, HOOP_LISTEN: '8010' }],
  ['HOOP_LISTEN ends in 70000', { ...production, HOOP_LISTEN: 'localhost:70000' }],
  ['HOOP_TLS_CERT and HOOP_TLS_KEY must name a certificate', plain],
  ['HOOP_TLS_CERT and HOOP_TLS_KEY must be set together', { ...plain, HOOP_TLS_CERT: '/etc/hoop/cert.pem' }],
  ['HOOP_LISTEN is 0.0.0.0', { ...plain, HOOP_DEMO: '1', HOOP_LISTEN: '0.0.0.0:8010' }],
  ['HOOP_PUBLIC_URL must be the URL that callers use', { ...production, HOOP_LISTEN: '0.0.0.0:443' }],
  ['HOOP_PUBLIC_URL must be the URL that callers use', { ...production, HOOP_LISTEN: '[::]:443' }],
  ['HOOP_ADVERTISE_URL must be https', { ...production, HOOP_ADVERTISE_URL: 'http://127.0.0.1:8010' }],
  ['HOOP_ADVERTISE_URL must be https', { ...plain, HOOP_DEMO: '1', HOOP_ADVERTISE_URL: 'http://10.0.0.3:8010' }],
  ['HOOP_OIDC_FLOWS must name some of browser, device', { ...production, HOOP_OIDC_FLOWS: 'browser telepathy' }],
  ['HOOP_OIDC_ISSUER must be https', { ...production, HOOP_OIDC_ISSUER: 'http://127.0.0.1:9000' }],
  ['HOOP_OIDC_ISSUER must be https', { ...plain, HOOP_DEMO: '1', HOOP_OIDC_ISSUER: 'http://login.example.com' }],
  ['HOOP_DEMO must be', { ...production, HOOP_DEMO: 'yes' }],
  ['HOOP_DATABASE_URL must be a URL', { ...production, HOOP_DATABASE_URL: 'mysql://x' }],
])('a mistake names its variable: %s', (words, environment) => {
  expect(refusal(environment)).toContain(words)
})

test('demo mode does without TLS, on this machine only', () => {
  const settings = readSettings({ ...plain, HOOP_DEMO: '1', HOOP_LISTEN: '[::1]:0', HOOP_OIDC_ISSUER: 'http://[::1]:9000' })
  expect(settings).toMatchObject({ demo: true, tls: null, listen: { host: '::1', port: 0 } })
})
