import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { parse } from 'yaml'
import {
  applyDocuments,
  type Connect,
  hoop,
  keepUntilEnd,
  requires,
  type System,
  startConnect,
  startHttpService,
  startKubernetesStandIn,
  startSystem,
  temporaryFolder,
} from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let home: string
let folder: string

const documents = (port: number) => `
kind: Connection
name: billing-api
protocol: http
address: 127.0.0.1:${port}
tls: disable
---
kind: Connection
name: cluster
protocol: kubernetes
address: 127.0.0.1:${port}
tls: disable
login: { token: backend-secret }
---
kind: Access
name: services
groups: [engineering]
connections: { names: [billing-api, cluster] }
`

const namespaces = { kind: 'NamespaceList', apiVersion: 'v1', metadata: {}, items: [] }

beforeAll(async () => {
  const service = await keep(
    startHttpService({
      '/hello': (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"hello":"world"}'),
      '/api/v1/namespaces': (_, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(namespaces)),
    }),
  )
  system = await keep(startSystem({ sample: { customers: 5 } }))
  await applyDocuments(await system.home('root-admin'), documents(service.port))
  home = await system.home('ada')
  folder = (await keep(temporaryFolder('http-cli'))).path
})

/** The local password. */
async function tokenIn(kubeconfig: string): Promise<string> {
  return parse(await readFile(kubeconfig, 'utf8')).users.at(-1).user.token
}

/** Where the authority of the port is. */
async function authorityIn(kubeconfig: string): Promise<string> {
  return parse(await readFile(kubeconfig, 'utf8')).clusters.at(-1).cluster['certificate-authority']
}

/** What a client of the cluster does with a kubeconfig. */
async function listNamespaces(kubeconfig: string): Promise<unknown> {
  const { clusters } = parse(await readFile(kubeconfig, 'utf8'))
  const { server } = clusters.at(-1).cluster
  const headers = { authorization: `Bearer ${await tokenIn(kubeconfig)}` }
  const ca = await readFile(await authorityIn(kubeconfig))
  return new Promise((resolve, reject) => {
    const sent = request(`${server}/api/v1/namespaces`, { ca, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece) => {
        text += piece
      })
      answer.on('end', () => resolve(JSON.parse(text)))
    })
    sent.once('error', reject).end()
  })
}

// docs/kubernetes.md shows it.
test('connect to a cluster tells the kubeconfig, and adds a context to another for as long as it runs', async () => {
  const own = join(folder, 'config')
  const before = '# mine\nkind: Config\napiVersion: v1\ncurrent-context: dev\n'
  await writeFile(own, before)
  const connect = await startConnect('cluster', { home, args: ['--kubeconfig', own] })
  const { configuration } = connect
  expect(configuration).toMatch(/\/cluster\.kubeconfig$/)
  expect(await listNamespaces(configuration ?? '')).toEqual(namespaces)
  expect(await listNamespaces(own)).toEqual(namespaces)
  expect(parse(await readFile(own, 'utf8'))).toMatchObject({ 'current-context': 'dev', contexts: [{ name: 'hoop-cluster' }] })
  // a database's clients have nothing to do here
  expect(existsSync(join(home, 'pgpass'))).toBe(false)
  expect((await hoop(['status'], { home })).stdout).toContain(`KUBECONFIG=${configuration}`)
  await connect.stop()
  expect(await readFile(own, 'utf8')).toBe(before)
  expect(existsSync(configuration ?? '')).toBe(false)
})

test('in the background, what is printed is all that is needed', async () => {
  const ready = join(folder, 'ready.json')
  const started = await hoop(['connect', 'cluster', '--background', '--ready-file', ready], { home })
  expect(started).toMatchObject({ code: 0 })
  const path = /^cluster {2}→ {2}https:\/\/localhost:\d+ {2}KUBECONFIG=(.*)$/m.exec(started.stdout)?.[1] ?? ''
  expect(await listNamespaces(path)).toEqual(namespaces)
  expect(JSON.parse(await readFile(ready, 'utf8'))).toMatchObject({ connections: [{ configuration: path }] })
  expect((await hoop(['disconnect', 'cluster'], { home })).code).toBe(0)
  expect(existsSync(path)).toBe(false)
})

test('exec puts the kubeconfig in place of the one that was there', async () => {
  const program =
    'const { KUBECONFIG, KUBERNETES_SERVICE_HOST, HELM_KUBEAPISERVER, NO_PROXY } = process.env; console.log(KUBECONFIG, KUBERNETES_SERVICE_HOST, HELM_KUBEAPISERVER, NO_PROXY)'
  const env = {
    KUBECONFIG: '/prod/config',
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    HELM_KUBEAPISERVER: 'https://10.0.0.1',
    NO_PROXY: '.corp',
  }
  const { code, stdout } = await hoop(['exec', 'cluster', '--', 'node', '-e', program], { home, env: { ...process.env, ...env } })
  expect(code).toBe(0)
  expect(stdout.trim()).toMatch(/\/cluster\.kubeconfig undefined undefined \.corp,localhost,127\.0\.0\.1,::1$/)
})

test('kubectl speaks to it', async (context) => {
  requires(context, 'kubectl')
  const { code, stdout } = await hoop(['exec', 'cluster', '--', 'kubectl', 'get', '--raw', '/api/v1/namespaces'], { home })
  expect({ code, answer: JSON.parse(stdout) }).toEqual({ code: 0, answer: namespaces })
})

// docs/http.md shows it.
test('exec hands a service over by its URL and a token', async () => {
  const program = `const { BILLING_API_URL: url, BILLING_API_TOKEN: token } = process.env
fetch(url + '/hello', { headers: { authorization: 'Bearer ' + token } }).then((answer) => answer.text()).then(console.log)`
  for (const flags of [[], ['--local-tls']]) {
    const { code, stdout } = await hoop(['exec', 'billing-api', ...flags, '--', 'node', '-e', program], { home })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"hello":"world"}\n' })
  }
})

test('a service at a Unix socket', async (context) => {
  requires(context, 'curl')
  const connect = await keep(startConnect('billing-api', { home, args: ['--socket-folder', join(folder, 's')] }))
  expect(connect.url).toMatch(/^http:\/\/hoop:[^@]+@localhost$/)
  const socket = join(folder, 's', 'billing-api.sock')
  const { stdout } = await execa('curl', ['-sS', '--unix-socket', socket, `${connect.url}/hello`])
  expect(stdout).toBe('{"hello":"world"}')
  const script =
    'curl -sS --unix-socket "$BILLING_API_SOCKET" -H "Authorization: Bearer $BILLING_API_TOKEN" "$BILLING_API_URL/hello"'
  const run = await hoop(['exec', 'billing-api', '--socket', '--', 'sh', '-c', script], { home })
  expect(run.stdout.trim()).toBe('{"hello":"world"}')
})

test('how a service is called is said in its own words', async () => {
  const connect = await hoop(['connect', 'billing-api', '--show-password', '--duration', '1s'], { home })
  expect(connect.stdout).toMatch(/^billing-api {2}→ {2}http:\/\/hoop:\S+@127\.0\.0\.1:\d+\n$/)
  expect(connect.stderr).toMatch(/^Authorization: Bearer \S+$/m)
  expect(connect.stderr).not.toMatch(/psql/)
})

test.each([
  [['connect', 'cluster', '--socket'], 'cluster speaks kubernetes, whose programs cannot use a Unix socket'],
  [['exec', 'cluster', '--socket', '--', 'true'], 'cluster speaks kubernetes, whose programs cannot use a Unix socket'],
  [['connect', 'billing-api', '--open', 'psql'], 'billing-api speaks http: psql cannot open it'],
  [['exec', 'billing-api', '-c', 'select 1'], 'billing-api speaks http: statements are for PostgreSQL'],
  [['connect', 'billing-api', '--kubeconfig', 'none'], '--kubeconfig is for connections that speak kubernetes'],
])('%j is refused with words', async (args, words) => {
  const { code, stderr } = await hoop(args, { home })
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) })
})

/** Runs a command in a pod as `kubectl exec -it` does, from a terminal of 100 by 30. */
async function runInPod(connect: Connect, command: readonly string[]): Promise<void> {
  const query = new URLSearchParams({ stdout: 'true', stdin: 'true', tty: 'true' })
  for (const word of command) query.append('command', word)
  const socket = new WebSocket(
    `wss://localhost:${connect.port}/api/v1/namespaces/default/pods/web/exec?${query}`,
    'v5.channel.k8s.io',
    {
      ca: await readFile(await authorityIn(connect.configuration ?? '')),
      headers: { authorization: `Bearer ${await tokenIn(connect.configuration ?? '')}` },
    },
  )
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.send(Buffer.concat([Buffer.of(4), Buffer.from('{"Width":100,"Height":30}')]))
  socket.send(Buffer.concat([Buffer.of(0), Buffer.from('whoami\n')]))
  await new Promise((resolve) => socket.once('close', resolve))
}

test('what a program printed is played back, and written for asciinema', async () => {
  const standIn = await keep(startKubernetesStandIn())
  const connection = {
    kind: 'Connection',
    name: 'pods',
    protocol: 'kubernetes',
    address: standIn.address,
    tls: { mode: 'verify-full', ca: standIn.ca },
    login: { token: standIn.token },
  }
  const access = { kind: 'Access', name: 'pods', groups: ['engineering'], connections: { names: ['pods'] } }
  await applyDocuments(await system.home('root-admin'), [connection, access].map((each) => JSON.stringify(each)).join('\n---\n'))
  standIn.create('pods', 'default', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: {} })
  const connect = await keep(startConnect('pods', { home }))
  await runInPod(connect, ['sh', '-c', String.raw`read line; printf '\033[32myou said %s\033[0m\033]0;title\007\n' "$line"`])

  const played = await hoop(['sessions', 'replay', connect.session], { home })
  expect(played).toMatchObject({ code: 0, stdout: '\x1b[32myou said whoami\x1b[0m\n' })
  const raw = await hoop(['sessions', 'replay', connect.session, '--raw'], { home })
  expect(raw.stdout).toContain('\x1b]0;title\x07')

  const file = join(folder, 'session.cast')
  expect(await hoop(['sessions', 'replay', connect.session, '--asciicast', file], { home })).toMatchObject({ code: 0 })
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ version: 2, width: 100, height: 30 }),
    [0, 'r', '100x30'],
    [expect.any(Number), 'i', 'whoami\n'],
    [expect.any(Number), 'o', '\x1b[32myou said whoami\x1b[0m\n'],
  ])
  expect((await hoop(['sessions', 'replay', connect.session, '--asciicast', file], { home })).stderr).toContain(
    'is there already',
  )

  // Auditors read all sessions, others none but their own.
  expect((await hoop(['sessions', 'replay', connect.session], { home: await system.home('otto') })).code).toBe(0)
  expect((await hoop(['sessions', 'replay', connect.session], { home: await system.home('devin') })).code).toBe(121)
})
