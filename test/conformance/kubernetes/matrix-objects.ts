import { expect } from 'vitest'
import type { Answer } from './kubectl.ts'
import type { Case, World } from './matrix.ts'
import { pod } from './objects.ts'

/** What went well, said this. */
function said(answer: Answer): string {
  expect(answer, answer.stderr).toMatchObject({ code: 0, stderr: '' })
  return answer.stdout
}

function configMap(name: string, data: Readonly<Record<string, string>>): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
}

/** A config map of this world's own. */
async function made({ kubectl, name }: World): Promise<string> {
  said(await kubectl.run(['create', '-f', '-'], configMap(name, { colour: 'red', size: '9' })))
  return name
}

async function dataOf({ kubectl }: World, name: string): Promise<unknown> {
  return JSON.parse(said(await kubectl.run(['get', 'configmap', name, '-o', 'jsonpath={.data}'])))
}

/** Everything but streams. */
export const clusterCases: readonly Case[] = [
  {
    name: 'get, as a table',
    async holds({ kubectl }) {
      const table = said(await kubectl.run(['get', 'pods', pod]))
      expect(table).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\nweb-0 +1\/1 +Running +0 /)
      expect(said(await kubectl.run(['get', 'all']))).toContain('deployment.apps/web')
    },
  },
  {
    name: 'get -o yaml, json, wide, name, custom-columns',
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['get', 'pod', pod, '-o', 'yaml']))).toContain('nodeName: node-1')
      expect(JSON.parse(said(await kubectl.run(['get', 'pods', '-o', 'json'])))).toMatchObject({ kind: 'List' })
      expect(said(await kubectl.run(['get', 'pods', '-o', 'wide']))).toContain('node-1')
      expect(said(await kubectl.run(['get', 'secret,configmap', '-o', 'name']))).toContain('secret/card-key\n')
      expect(said(await kubectl.run(['get', 'cm', 'settings', '-o', 'custom-columns=C:.data.colour']))).toBe('C\ngreen\n')
    },
  },
  {
    name: 'what is not there',
    async holds({ kubectl }) {
      const answer = await kubectl.run(['get', 'pod', 'nobody'])
      expect(answer).toEqual({ code: 1, stdout: '', stderr: 'Error from server (NotFound): pods "nobody" not found\n' })
    },
  },
  {
    name: "what the caller may not do, in the cluster's words",
    async holds({ kubectl }) {
      const { code, stderr } = await kubectl.run(['get', 'secrets', '-n', 'kube-system'])
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /^Error from server \(Forbidden\): secrets is forbidden: User "hoop:[^"]*" cannot list resource "secrets"/,
      )
    },
  },
  {
    name: 'apply, twice',
    async holds(world) {
      const { kubectl, name } = world
      const apply = (data: Record<string, string>) => kubectl.run(['apply', '-f', '-'], configMap(name, data))
      expect(said(await apply({ one: '1', two: '2' }))).toBe(`configmap/${name} created\n`)
      expect(said(await apply({ one: '1', three: '3' }))).toBe(`configmap/${name} configured\n`)
      expect(said(await apply({ one: '1', three: '3' }))).toBe(`configmap/${name} unchanged\n`)
      expect(await dataOf(world, name)).toEqual({ one: '1', three: '3' })
    },
  },
  {
    name: 'apply --server-side, and its conflict',
    async holds(world) {
      const { kubectl, name } = world
      const apply = (manager: string, colour: string, ...more: string[]) =>
        kubectl.run(['apply', '--server-side', `--field-manager=${manager}`, ...more, '-f', '-'], configMap(name, { colour }))
      expect(said(await apply('first', 'red'))).toContain('serverside-applied')
      expect(await apply('second', 'blue')).toMatchObject({ code: 1, stderr: expect.stringContaining('conflict') })
      expect(said(await apply('second', 'blue', '--force-conflicts'))).toContain('serverside-applied')
      expect(await dataOf(world, name)).toEqual({ colour: 'blue' })
    },
  },
  {
    name: 'apply and create --dry-run=server, which leave nothing',
    async holds({ kubectl, name }) {
      const answer = await kubectl.run(['apply', '--dry-run=server', '-f', '-'], configMap(name, { one: '1' }))
      expect(said(answer)).toBe(`configmap/${name} created (server dry run)\n`)
      expect(await kubectl.run(['get', 'cm', name])).toMatchObject({ code: 1 })
    },
  },
  {
    name: 'diff',
    async holds(world) {
      const name = await made(world)
      const answer = await world.kubectl.run(['diff', '-f', '-'], configMap(name, { colour: 'blue', size: '9' }))
      expect(answer).toMatchObject({ code: 1, stdout: expect.stringMatching(/^- {2}colour: red\n\+ {2}colour: blue$/m) })
    },
  },
  {
    name: 'patch: strategic, merge, json',
    async holds(world) {
      const name = await made(world)
      const patch = (type: string, change: unknown) =>
        world.kubectl.run(['patch', 'configmap', name, `--type=${type}`, '-p', JSON.stringify(change)])
      said(await patch('strategic', { data: { colour: 'blue' } }))
      said(await patch('merge', { data: { size: null } }))
      said(await patch('json', [{ op: 'add', path: '/data/shape', value: 'round' }]))
      expect(await dataOf(world, name)).toEqual({ colour: 'blue', shape: 'round' })
    },
  },
  {
    name: 'replace, label, annotate',
    async holds(world) {
      const { kubectl } = world
      const name = await made(world)
      said(await kubectl.run(['replace', '-f', '-'], configMap(name, { only: 'this' })))
      said(await kubectl.run(['label', 'configmap', name, 'tier=front']))
      said(await kubectl.run(['annotate', 'configmap', name, 'note=a & b']))
      expect(await dataOf(world, name)).toEqual({ only: 'this' })
      expect(said(await kubectl.run(['get', 'configmap', '-l', `tier=front`, '-o', 'name']))).toContain(`configmap/${name}\n`)
    },
  },
  {
    name: 'scale',
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['scale', 'deployment', 'web', '--replicas=3']))).toBe('deployment.apps/web scaled\n')
      expect(said(await kubectl.run(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}']))).toBe('3')
    },
  },
  {
    name: 'delete: one, by label, a pod at once',
    async holds(world) {
      const { kubectl, cluster } = world
      const name = await made(world)
      expect(said(await kubectl.run(['delete', 'configmap', name]))).toMatch(/^configmap "[^"]+" deleted/)
      await made(world)
      said(await kubectl.run(['label', 'configmap', name, `of=${name}`]))
      said(await kubectl.run(['delete', 'configmap', '-l', `of=${name}`]))
      await cluster.startPod(name)
      expect(await kubectl.run(['delete', 'pod', name, '--grace-period=0', '--force'])).toMatchObject({ code: 0 })
      expect(await kubectl.run(['get', 'configmap,pod', name])).toMatchObject({ code: 1, stdout: '' })
    },
  },
  {
    name: 'get --watch',
    async holds(world) {
      const { kubectl, name } = world
      const watch = await kubectl.start(['get', 'configmaps', '--watch', '--output-watch-events'])
      try {
        await watch.find('stdout', (line) => (line.includes('settings') ? line : undefined))
        await made(world)
        said(await kubectl.run(['delete', 'configmap', name]))
        for (const event of ['ADDED', 'DELETED']) {
          await watch.find('stdout', (line) => (line.includes(event) && line.includes(name) ? line : undefined))
        }
      } finally {
        await watch.stop('SIGINT')
      }
    },
  },
  {
    name: 'wait',
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['wait', '--for=condition=Ready', `pod/${pod}`]))).toBe(`pod/${pod} condition met\n`)
    },
  },
  {
    name: 'describe',
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['describe', 'pod', pod]))).toMatch(/^Events:.*Started container app/ms)
      expect(said(await kubectl.run(['describe', 'secret', 'card-key']))).toMatch(/^key: +13 bytes$/m)
    },
  },
  {
    name: 'events',
    since: 26,
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['events', '--for', `pod/${pod}`]))).toContain('Started container app')
    },
  },
  {
    name: 'create configmap',
    async holds(world) {
      const { kubectl, name } = world
      const literals = ['--from-literal=colour=red', '--from-literal=size=9']
      expect(said(await kubectl.run(['create', 'configmap', name, ...literals]))).toBe(`configmap/${name} created\n`)
      expect(await dataOf(world, name)).toEqual({ colour: 'red', size: '9' })
    },
  },
  {
    name: 'auth can-i',
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['auth', 'can-i', 'create', 'pods/exec']))).toBe('yes\n')
      expect(await kubectl.run(['auth', 'can-i', 'delete', 'pods', '-n', 'kube-system'])).toMatchObject({
        code: 1,
        stdout: 'no\n',
      })
      expect(said(await kubectl.run(['auth', 'can-i', '--list']))).toMatch(/^\*\.\* +\[\] +\[\] +\[\*\]$/m)
    },
  },
  {
    name: 'get --raw',
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['get', '--raw', '/readyz']))).toBe('ok')
      const list = said(await kubectl.run(['get', '--raw', '/api/v1/namespaces/shop/configmaps?limit=1']))
      expect(JSON.parse(list)).toMatchObject({ kind: 'ConfigMapList', items: { length: 1 } })
    },
  },
  {
    name: 'explain',
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['explain', 'pod.spec.nodeName']))).toMatch(/^FIELD: +nodeName <string>$/m)
    },
  },
  {
    name: 'api-resources, api-versions, version',
    async holds({ kubectl }) {
      expect(said(await kubectl.run(['api-resources']))).toMatch(/^pods +po +v1 +true +Pod$/m)
      expect(said(await kubectl.run(['api-versions']))).toContain('apps/v1\n')
      expect((await kubectl.run(['version'])).stdout).toContain('v1.35.4')
    },
  },
  {
    name: 'a list in parts',
    async holds({ kubectl }) {
      const whole = said(await kubectl.run(['get', 'configmaps,secrets,pods', '-o', 'name']))
      expect(said(await kubectl.run(['get', 'configmaps,secrets,pods', '-o', 'name', '--chunk-size=1']))).toBe(whole)
    },
  },
]
