import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/** The one direction of imports: what each package may import of the others. */
const allowed: Record<string, readonly string[]> = {
  contracts: [],
  'postgres-server': [],
  tunnel: ['contracts'],
  protocols: ['contracts'],
  policy: ['contracts'],
  recording: ['contracts'],
  agent: ['contracts', 'tunnel'],
  'tunnel-server': ['contracts', 'postgres-server', 'tunnel', 'protocols', 'policy', 'recording'],
  demo: ['contracts', 'postgres-server'],
  cli: ['contracts', 'tunnel', 'protocols'],
}
/** Commands that run a whole program load it when they run, outside of the command line's start. */
const lazily: Record<string, string> = {
  'packages/cli/src/commands/agent.ts': 'agent',
  'packages/cli/src/commands/gateway.ts': 'tunnel-server',
  'packages/cli/src/commands/gateway/backup.ts': 'tunnel-server',
  'packages/cli/src/commands/gateway/check.ts': 'tunnel-server',
  'packages/cli/src/commands/gateway/restore.ts': 'tunnel-server',
  'packages/cli/src/commands/demo.ts': 'demo',
}

const root = join(import.meta.dirname, '../..')

interface Import {
  readonly file: string
  readonly from: string
  readonly dynamic: boolean
  /** Of types only: nothing is loaded. */
  readonly types: boolean
}

async function imports(): Promise<Import[]> {
  const found: Import[] = []
  for await (const path of glob('packages/*/src/**/*.ts', { cwd: root })) {
    const text = readFileSync(join(root, path), 'utf8')
    for (const [line, from = ''] of text.matchAll(/^(?:import|export|\}) .*?from '([^']+)'/gm))
      found.push({ file: path, from, dynamic: false, types: line.startsWith('import type ') })
    for (const [, from = ''] of text.matchAll(/^import '([^']+)'/gm))
      found.push({ file: path, from, dynamic: false, types: false })
    for (const [, from = ''] of text.matchAll(/\bimport\('([^']+)'\)/g))
      found.push({ file: path, from, dynamic: true, types: false })
  }
  return found
}

const packageOf = (file: string): string => file.split('/')[1] ?? ''
const isTest = (file: string): boolean => /\.(test|fixture)\.ts$|\/testing\//.test(file)
/** What the command line says before the rest is loaded: doors that need nothing. */
const isLight = (file: string, name: string, door: string | undefined): boolean =>
  packageOf(file) === 'cli' && name === 'contracts' && door === 'errors'

test('packages import in one direction, through their doors', async () => {
  const all = await imports()
  expect(all.length).toBeGreaterThan(500)
  const wrong = all.filter(({ file, from, dynamic, types }) => {
    if (from.startsWith('.')) return relative(join('packages', packageOf(file)), join(dirname(file), from)).startsWith('..')
    const [scope, name = '', ...door] = from.split('/')
    if (scope !== '@hoop') return false
    if (packageOf(file) === 'cli' && name === 'protocols')
      return door.at(-1) !== 'facts' && !(types && door.join('/') === 'local-endpoint')
    if (door.join('/') === 'testing') return !isTest(file)
    if (door.length > 0 && !isLight(file, name, door.join('/'))) return true
    if (lazily[file] === name) return !dynamic
    return !(allowed[packageOf(file)] ?? []).includes(name) && !isTest(file)
  })
  expect(wrong).toEqual([])
})

test('light doors need nothing', async () => {
  const light = /\/facts\.ts$|^packages\/contracts\/src\/errors\.ts$/
  expect((await imports()).filter(({ file, types }) => light.test(file) && !types)).toEqual([])
})

test('nothing but tests imports what is for tests', async () => {
  const wrong = (await imports()).filter(({ file, from }) => !isTest(file) && /\.test\.ts$|\/testing\/|fixtures/.test(from))
  expect(wrong).toEqual([])
})
