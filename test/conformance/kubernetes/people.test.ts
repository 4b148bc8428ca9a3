import { mkdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hoop, keepUntilEnd, temporaryFolder } from '../../support/index.ts'
import { buildPrograms } from './build.ts'
import { startCluster } from './cluster.ts'
import { type Kubectl, kubectlFor } from './kubectl.ts'
import { newestKubectl } from './kubectl-versions.ts'
import { secretOf } from './secret-seeds.ts'
import { connection, policy, startThroughHoop, type ThroughHoop } from './through-hoop.ts'

const keep = keepUntilEnd(afterAll)
let through: ThroughHoop
let kubectl: Kubectl
/** Straight at the cluster. */
let admin: Kubectl
let approver: string

beforeAll(async () => {
  const cluster = await keep(startCluster(await buildPrograms(console.log)))
  const mask = {
    ...{ kind: 'Mask', name: 'values', connections: { names: [connection] } },
    fields: ['secrets:{data,stringData}.*', 'configmaps:data.secret'],
  }
  const rules = [policy('deletes', 'approve', "operation.kubernetes.verb == 'delete'"), mask]
  through = await keep(startThroughHoop(cluster, { login: 'token', rules }))
  const folder = await keep(temporaryFolder('kubectl'))
  kubectl = await kubectlFor(newestKubectl, through.kubeconfig, folder.path)
  await mkdir(`${folder.path}/admin`)
  admin = await kubectlFor(newestKubectl, cluster.adminKubeconfig, `${folder.path}/admin`)
  approver = await through.homeOf('grace')
})

/** The first event of `hoop connect` of this name about this object. */
function told(event: 'held' | 'decided', about: (line: Record<string, string>) => boolean): Promise<Record<string, string>> {
  return through.connect.program.find('stdout', (line) => {
    const read = JSON.parse(line)
    return read.event === event && about(read) ? read : undefined
  })
}
const held = async (name: string) => (await told('held', ({ text }) => text?.includes(name) ?? false)).approval ?? ''
const make = (name: string) => admin.run(['create', 'configmap', name, '--from-literal=a=b'])
const isThere = async (name: string) => (await admin.run(['get', 'configmap', name])).code === 0

describe('a delete that is held', () => {
  test('waits, is approved and goes on', async () => {
    await make('approved')
    const answer = kubectl.run(['delete', 'configmap', 'approved'])
    const id = await held('approved')
    expect(await isThere('approved')).toBe(true)
    await hoop(['approvals', 'approve', id], { home: approver })
    expect(await answer).toMatchObject({ code: 0, stdout: expect.stringContaining('configmap "approved" deleted') })
    expect(await isThere('approved')).toBe(false)
  })

  test('is no matter of other requests on the same connection of the same kubectl', async () => {
    await make('slow')
    const proxy = await kubectl.start(['proxy', '--port=0'])
    try {
      const address = await proxy.find('stdout', (line) => /Starting to serve on (\S+)/.exec(line)?.[1])
      const maps = `http://${address}/api/v1/namespaces/shop/configmaps`
      const deleted = fetch(`${maps}/slow`, { method: 'DELETE' })
      const id = await held('slow')
      for (let i = 0; i < 20; i++) expect((await fetch(`${maps}/slow`)).status).toBe(200)
      await hoop(['approvals', 'approve', id], { home: approver })
      expect((await deleted).status).toBe(200)
      expect((await fetch(`${maps}/slow`)).status).toBe(404)
    } finally {
      await proxy.stop('SIGINT')
    }
  })

  test("is denied in words that kubectl prints as the server's", async () => {
    await make('denied')
    const answer = kubectl.run(['delete', 'configmap', 'denied'])
    await hoop(['approvals', 'deny', await held('denied'), '--reason', 'it serves customers'], { home: approver })
    const { code, stdout, stderr } = await answer
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Error from server \(Forbidden\): .*denied this request: it serves customers/)
    expect(stderr).toContain(`Session ${through.connect.session}`)
    expect(await isThere('denied')).toBe(true)
  })

  test('is withdrawn by Ctrl-C', async () => {
    await make('withdrawn')
    const program = await kubectl.start(['delete', 'configmap', 'withdrawn'])
    const id = await held('withdrawn')
    await program.stop('SIGINT')
    expect(await told('decided', ({ approval }) => approval === id)).toMatchObject({ decision: 'withdrawn' })
    expect(await isThere('withdrawn')).toBe(true)
  })
})

describe('what stands in the place of a masked value', () => {
  const password = Buffer.from('correct horse').toString('base64')
  beforeAll(async () => {
    await admin.run(['apply', '-f', '-'], secretOf('db', { data: { password } }))
    await admin.run(['create', 'configmap', 'mixed', '--from-literal=secret=horse', '--from-literal=colour=red'])
  })
  const seen = async (form: string) => (await kubectl.run(['get', 'secret', 'db', '-o', form])).stdout
  const stored = async () => (await admin.run(['get', 'secret', 'db', '-o', 'jsonpath={.data.password}'])).stdout

  test.each([
    ['get -o yaml | apply -f -', ['apply', '-f', '-']],
    ['get -o yaml | apply --server-side', ['apply', '--server-side', '--force-conflicts', '-f', '-']],
    ['get -o yaml | replace -f -', ['replace', '-f', '-']],
    ['get -o yaml | replace --force', ['replace', '--force', '-f', '-']],
  ])('is not written over it: %s', async (_, args) => {
    const answer = kubectl.run(args, await seen('yaml'))
    if (args.includes('--force')) {
      await hoop(['approvals', 'deny', await held('secrets/db'), '--reason', 'it is masked'], { home: approver })
      expect((await answer).code).toBe(1)
    } else {
      expect(await answer).toMatchObject({ code: 1, stderr: expect.stringMatching(/\(Forbidden\).*masked/s) })
    }
    expect(await stored()).toBe(password)
  })

  test('is not written as a copy of another name', async () => {
    const copy = (await seen('json')).replaceAll('"db"', '"copy"')
    for (const verb of ['create', 'apply'])
      expect(await kubectl.run([verb, '-f', '-'], copy)).toMatchObject({ code: 1, stderr: expect.stringContaining('masked') })
    expect((await admin.run(['get', 'secret', 'copy'])).code).toBe(1)
  })

  test.each([
    ['strategic', { data: { password: 'W21hc2tlZF0=' } }],
    ['strategic', { stringData: { password: '[masked]' } }],
    ['merge', { data: { password: 'W21hc2tlZF0=' } }],
    ['json', [{ op: 'replace', path: '/data/password', value: 'W21hc2tlZF0=' }]],
  ])('is not written by a patch: %s %j', async (type, change) => {
    const answer = await kubectl.run(['patch', 'secret', 'db', `--type=${type}`, '-p', JSON.stringify(change)])
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('masked') })
    expect(await stored()).toBe(password)
  })

  test('stays out of what an editor changes beside it', async () => {
    const edit = (expression: string, what: string) => editing(expression).run(['edit', ...what.split(' ')])
    expect(await edit('s/colour: red/colour: blue/', 'configmap mixed')).toMatchObject({ code: 0 })
    expect((await admin.run(['get', 'cm', 'mixed', '-o', 'jsonpath={.data}'])).stdout).toBe('{"colour":"blue","secret":"horse"}')
    expect(await edit('s/^  password: .*/&\\n  again: W21hc2tlZF0=/', 'secret db')).not.toMatchObject({ code: 0 })
    expect((await admin.run(['get', 'secret', 'db', '-o', 'jsonpath={.data}'])).stdout).toBe(`{"password":"${password}"}`)
  })
})

/** The same kubectl, whose editor is sed. */
function editing(expression: string): Kubectl {
  return kubectl.with({ KUBE_EDITOR: `sed -i '${expression}'` })
}
