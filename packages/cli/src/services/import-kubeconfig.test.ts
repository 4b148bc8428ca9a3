import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectionDocument } from '@hoop/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { importKubeconfig } from './import-kubeconfig.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-kubeconfig-'))
  await Promise.all(['ca.pem', 'client.pem', 'client.key', 'token'].map((file) => writeFile(join(folder, file), `of ${file}\n`)))
})
afterAll(() => rm(folder, { recursive: true }))

const server = 'https://k8s.example:6443'
async function imported(
  cluster: Record<string, unknown>,
  user: Record<string, unknown>,
  options: Partial<Parameters<typeof importKubeconfig>[1]> = {},
) {
  const file = join(folder, 'config')
  await writeFile(
    file,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'prod_EU',
      contexts: [
        { name: 'prod_EU', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
        { name: 'lost', context: { cluster: 'c', user: 'nobody' } },
      ],
      clusters: [{ name: 'c', cluster: { server, ...cluster } }],
      users: [{ name: 'u', user }],
    }),
  )
  const { document, notes } = await importKubeconfig(file, { context: null, name: null, accessKeyId: null, ...options })
  ConnectionDocument.parse(document)
  return { ...document, notes }
}
const base64 = (text: string) => Buffer.from(text).toString('base64')
const aws = (...args: string[]) => ({ exec: { apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'aws', args } })
const getToken = ['--region', 'eu-west-1', 'eks', 'get-token', '--cluster-name', 'prod', '--output', 'json']

describe('a context becomes a connection', () => {
  test('with a token, and an authority in the file', async () => {
    expect(await imported({ 'certificate-authority-data': base64('CA'), 'tls-server-name': 'api' }, { token: 'abc' })).toEqual({
      kind: 'Connection',
      name: 'prod-eu',
      protocol: 'kubernetes',
      address: 'k8s.example:6443',
      tls: { mode: 'verify-full', ca: 'CA', serverName: 'api' },
      login: { token: 'abc' },
      notes: expect.arrayContaining(['What is printed has secrets in it.']),
    })
  })
  test('with files beside the kubeconfig', async () => {
    const user = { 'client-certificate': 'client.pem', 'client-key': 'client.key', tokenFile: 'token' }
    expect(await imported({ 'certificate-authority': 'ca.pem' }, user)).toMatchObject({
      tls: { ca: 'of ca.pem\n' },
      login: { certificate: 'of client.pem\n', key: 'of client.key\n', token: 'of token' },
    })
  })
  test.each<[string, Record<string, unknown>, Record<string, unknown>, unknown]>([
    ['of Google', {}, { exec: { command: 'gke-gcloud-auth-plugin' } }, { login: { google: {} } }],
    ['of Google, with the old helper', {}, { 'auth-provider': { name: 'gcp' } }, { login: { google: {} } }],
    ['of Amazon', {}, aws(...getToken), { login: { eks: { cluster: 'prod', region: 'eu-west-1', accessKeyId: 'AKID' } } }],
    [
      'of Amazon, whose region only its address says',
      { server: 'https://ABC.gr7.us-east-2.eks.amazonaws.com' },
      { exec: { command: '/usr/bin/aws-iam-authenticator', args: ['token', '-i', 'prod'] } },
      { address: 'abc.gr7.us-east-2.eks.amazonaws.com:443', login: { eks: { cluster: 'prod', region: 'us-east-2' } } },
    ],
    [
      'in plain on this machine',
      { server: 'http://127.0.0.1:8001' },
      { token: 'x' },
      { address: '127.0.0.1:8001', tls: 'disable' },
    ],
    ['by an IPv6 address', { server: 'https://[::1]:6443' }, { token: 'x' }, { address: '[::1]:6443' }],
  ])('%s', async (_, cluster, user, expected) => {
    expect(await imported(cluster, user, { accessKeyId: 'AKID' })).toMatchObject(expected as object)
  })
  test.each<[string, readonly { readonly name: string; readonly value: string }[], string | null]>([
    ['its id says so', [], 'ASIA7'],
    ['its token is there', [{ name: 'AWS_SESSION_TOKEN', value: 'never printed' }], 'AKID'],
    ['it is named beside the program', [{ name: 'AWS_ACCESS_KEY_ID', value: 'ASIA7' }], null],
  ])('of Amazon, by a key that ends soon: %s', async (_, env, accessKeyId) => {
    const { exec } = aws(...getToken)
    const shown = await imported({}, { exec: { ...exec, env } }, { accessKeyId })
    expect(shown.login).toEqual({
      eks: {
        ...{ cluster: 'prod', region: 'eu-west-1', accessKeyId: accessKeyId ?? 'ASIA7' },
        ...{ secretAccessKey: { env: 'AWS_SECRET_ACCESS_KEY' }, sessionToken: { env: 'AWS_SESSION_TOKEN' } },
      },
    })
    expect(shown.notes.join(' ')).toMatch(/AWS_SESSION_TOKEN\. The key ends soon/)
    expect(JSON.stringify(shown)).not.toContain('never printed')
  })
  test('under the name that is asked for', async () => {
    expect((await imported({}, { token: 'x' }, { name: 'k8s' })).name).toBe('k8s')
  })
})

describe('what no connection can be is refused with words', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>, Parameters<typeof imported>[2], RegExp]>([
    ['a context that is not there', {}, {}, { context: 'staging' }, /the context staging is not there/],
    ['a user that is not there', {}, {}, { context: 'lost' }, /the user nobody is not there/],
    ['a cluster that nobody checks', { 'insecure-skip-tls-verify': true }, { token: 'x' }, {}, /nobody checks/],
    ['a cluster below a path', { server: 'https://rancher.example/k8s/clusters/c-1' }, { token: 'x' }, {}, /below a path/],
    ['a cluster behind a proxy', { 'proxy-url': 'http://proxy:3128' }, { token: 'x' }, {}, /through a proxy/],
    ['another program', {}, { exec: { command: 'kubelogin' } }, {}, /program kubelogin says, and the gateway runs none/],
    ['a role at AWS', {}, aws(...getToken, '--role-arn', 'arn:aws:iam::1:role/x'), { accessKeyId: 'A' }, /takes on a role/],
    ['EKS without a key', {}, aws(...getToken), {}, /signs with a key/],
    ['somebody who acts as another', {}, { token: 'hunter2', as: 'admin' }, {}, /acts as another/],
    ['nothing to show', {}, {}, {}, /neither a token nor a certificate/],
    ['what cannot be read', {}, { token: ['hunter2'] }, {}, /the user u cannot be read \(token\)/],
    ['a name that is none', {}, { token: 'x' }, { name: '___' }, /the name ___/],
  ])('%s', async (_, cluster, user, options, words) => {
    const refused = imported(cluster, user, options)
    await expect(refused).rejects.toThrow(words)
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', hint: expect.stringMatching(/\w/) })
    await expect(refused).rejects.not.toThrow(/hunter2/)
  })
})
