import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { eksToken } from './credentials-eks.ts'

const account = {
  cluster: 'prod-eu',
  region: 'eu-west-1',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalr/EXAMPLE+KEY',
  sessionToken: null,
}
const at = Date.UTC(2026, 10, 3, 9, 5, 7, 250)

test.each([
  ['eu-west-1', 'sts.eu-west-1.amazonaws.com'],
  ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
])('a token for a cluster in %s is what its signature says', async (region, host) => {
  const { value, expires } = await eksToken({ ...account, region }, () => at)
  expect(expires).toBe(at + 900_000)
  expect(value).toMatch(/^k8s-aws-v1\.[\w-]+$/)
  const url = new URL(Buffer.from(value.slice('k8s-aws-v1.'.length), 'base64url').toString())
  expect([url.origin, url.pathname]).toEqual([`https://${host}`, '/'])
  const { 'X-Amz-Signature': signature, ...query } = Object.fromEntries(url.searchParams)
  expect(query).toEqual({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `AKIDEXAMPLE/20261103/${region}/sts/aws4_request`,
    'X-Amz-Date': '20261103T090507Z',
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
  })
  expect(signature).toBe(signatureOf(query, { host, 'x-k8s-aws-id': 'prod-eu' }, region))
})

test('keys that end soon are sent with their token, which is signed too', async () => {
  const { value } = await eksToken({ ...account, sessionToken: 'FwoG/x+y==' }, () => at)
  const url = new URL(Buffer.from(value.slice('k8s-aws-v1.'.length), 'base64url').toString())
  const { 'X-Amz-Signature': signature, ...query } = Object.fromEntries(url.searchParams)
  expect(query['X-Amz-Security-Token']).toBe('FwoG/x+y==')
  expect(signature).toBe(signatureOf(query, { host: url.host, 'x-k8s-aws-id': 'prod-eu' }, account.region))
})

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
function signatureOf(query: Record<string, string>, headers: Record<string, string>, region: string): string {
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()
  const sha256 = (data: string) => createHash('sha256').update(data).digest('hex')
  const pairs = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='))
  const canonical = [
    'GET',
    '/',
    pairs.toSorted().join('&'),
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    '',
    Object.keys(headers).join(';'),
    sha256(''),
  ].join('\n')
  const scope = `20261103/${region}/sts/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', query['X-Amz-Date'], scope, sha256(canonical)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${account.secretAccessKey}`)
  return hmac(key, toSign).toString('hex')
}
