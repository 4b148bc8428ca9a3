import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import { addContexts } from './kubeconfig.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-kubeconfig-'))
  file = join(folder, 'config')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function add(name: string, token = 'secret'): Promise<() => Promise<void>> {
  const source = join(folder, `${name}.kubeconfig`)
  const clusters = [{ name: `hoop-${name}`, cluster: { server: 'https://localhost:15432' } }]
  const users = [{ name: `hoop-${name}`, user: { token } }]
  const contexts = [{ name: `hoop-${name}`, context: { cluster: `hoop-${name}`, user: `hoop-${name}` } }]
  await writeFile(source, JSON.stringify({ clusters, users, contexts, 'current-context': `hoop-${name}` }))
  return addContexts(file, join(folder, 'lock'), [source])
}
const contexts = async (): Promise<string[]> =>
  (parse(await readFile(file, 'utf8')).contexts ?? []).map(({ name }: { name: string }) => name)

const theirs = `# mine
apiVersion: v1
kind: Config
current-context:   dev   # as ever
contexts:
- context: {cluster: dev, user: "dév"}
  name: dev
`

it('has the context as long as it runs, and is then byte for byte what it was', async () => {
  await writeFile(file, theirs)
  const remove = await add('prod')
  expect(await contexts()).toEqual(['dev', 'hoop-prod'])
  const text = await readFile(file, 'utf8')
  expect(text).toMatch(/^# mine\n/)
  expect(parse(text)['current-context']).toBe('dev')
  await remove()
  expect(await readFile(file, 'utf8')).toBe(theirs)
})

it('keeps what others wrote meanwhile', async () => {
  await writeFile(file, theirs)
  const remove = await add('prod')
  const other = await add('stage')
  await remove()
  expect(await contexts()).toEqual(['dev', 'hoop-stage'])
  await writeFile(file, (await readFile(file, 'utf8')).replace('current-context: dev', 'current-context: hoop-stage'))
  await other()
  const text = await readFile(file, 'utf8')
  expect(text).toContain('# as ever')
  expect(parse(text)).toEqual({ ...parse(theirs), 'current-context': 'hoop-stage' })
})

it('replaces what a killed run left, and leaves no file that it made', async () => {
  await add('prod', 'old')
  const remove = await add('prod', 'new')
  expect(await readFile(file, 'utf8')).not.toContain('old')
  expect(await contexts()).toEqual(['hoop-prod'])
  await remove()
  await expect(readFile(file)).rejects.toThrow('ENOENT')
})

it.each(['just words', 'kind: Config\n  broken: [', 'kind: Pod'])(
  'leaves a file alone that is no kubeconfig: %j',
  async (text) => {
    await writeFile(file, text)
    await expect(add('prod')).rejects.toThrow('is no kubeconfig')
    expect(await readFile(file, 'utf8')).toBe(text)
  },
)
