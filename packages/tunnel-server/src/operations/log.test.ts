import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { gatewayLog } from './log.ts'

function written(log: (to: ReturnType<typeof gatewayLog>) => void): string {
  let lines = ''
  log(
    gatewayLog('trace', {
      write: (line: string) => {
        lines += line
      },
    }),
  )
  return lines
}

const secret = 'hunter2-hunter2-hunter2'
const jwt = `eyJhbGciOiJFZERTQSJ9.${Buffer.from(JSON.stringify({ sub: secret })).toString('base64url')}.c2lnbmF0dXJl`
const privateKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

test.each<[string, unknown]>([
  ['a field by its name', { password: secret }],
  ['deep inside', { connection: { login: [{ user: 'app', clientSecret: secret, api_key: secret }] } }],
  ['a header', { headers: { authorization: `Basic ${secret}`, 'x-api-key': secret } }],
  ['an error with a client hung on it', { err: Object.assign(new Error('lost'), { client: { config: { user: secret } } }) }],
  ['the cause of an error', { err: new Error('lost', { cause: Object.assign(new Error('why'), { detail: secret }) }) }],
  ['an error that is not called err', { reason: Object.assign(new Error('lost'), { config: { user: secret } }) }],
  ['a connection string', { err: new Error(`cannot reach postgres://hoop:${secret}@db:5432/hoop`) }],
  ['a connection string in plain words', { url: `postgres://hoop:${secret}@db` }],
  ['bytes', { bytes: Buffer.from(secret) }],
])('%s is not written', (_, fields) => {
  const line = written((log) => log.error(fields, 'words'))
  expect(line).toContain('words')
  expect(line).not.toContain(secret)
  expect(line).not.toContain(Buffer.from(secret).toJSON().data.join(','))
})

test('nor what looks like a token or a key, wherever it stands', () => {
  const line = written((log) => log.info({ deep: { note: privateKey } }, `refused ${jwt} and Bearer ${secret}`))
  expect(line).not.toContain(jwt)
  expect(line).not.toContain(secret)
  expect(line).not.toContain(privateKey.split('\n')[1])
  expect(JSON.parse(line)).toMatchObject({ msg: 'refused [hidden] and Bearer [hidden]' })
})

test('a password with an @ in it is not written, nor a key that is cut off', () => {
  const line = written((log) =>
    log.info({ cut: privateKey.slice(0, 80), after: 'kept' }, `postgres://hoop:${secret}@${secret}@db:5432/x`),
  )
  expect(line).not.toContain(secret)
  expect(JSON.parse(line)).toMatchObject({ cut: '[hidden]', after: 'kept', msg: 'postgres://hoop:[hidden]@db:5432/x' })
})

test.each(['a.', 'a://', 'a://a:', 'a:@', 'eyJaaaaaaaa.', 'Bearer ', '-----BEGIN PRIVATE KEY-----', 'a'])(
  'a long line of %s is written soon',
  (what) => {
    const began = performance.now()
    written((log) => log.info(what.repeat(200_000 / what.length)))
    expect(performance.now() - began).toBeLessThan(5000)
  },
)

test('an error keeps its words, its code and where it came from', () => {
  const error = Object.assign(new Error('no route', { cause: new Error('no network') }), { code: 'EHOSTUNREACH' })
  expect(JSON.parse(written((log) => log.warn({ err: error, agent: 'a1' }, 'lost')))).toMatchObject({
    msg: 'lost',
    agent: 'a1',
    err: {
      type: 'Error',
      message: 'no route',
      code: 'EHOSTUNREACH',
      stack: expect.stringContaining('log.test.ts'),
      cause: { message: 'no network' },
    },
  })
})
