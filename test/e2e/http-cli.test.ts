import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  applyDocuments,
  hoop,
  keepUntilEnd,
  requires,
  type System,
  startConnect,
  startHttpService,
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

/** What a client of the cluster does with a kubeconfig. */
async function listNamespaces(kubeconfig: string): Promise<unknown> {
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8'))
  const { server, 'certificate-authority': authority } = clusters.at(-1).cluster
  const headers = { authorization: `Bearer ${users.at(-1).user.token}` }
  const ca = await readFile(authority)
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
  const program = 'console.log(process.env.KUBECONFIG, process.env.KUBERNETES_SERVICE_HOST)'
  const env = { KUBECONFIG: '/prod/config', KUBERNETES_SERVICE_HOST: '10.0.0.1' }
  const { code, stdout } = await hoop(['exec', 'cluster', '--', 'node', '-e', program], { home, env: { ...process.env, ...env } })
  expect(code).toBe(0)
  expect(stdout.trim()).toMatch(/\/cluster\.kubeconfig undefined$/)
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
