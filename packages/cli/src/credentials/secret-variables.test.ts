import { globSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Endpoint } from '../services/endpoints.ts'
import { openInWindow } from '../services/open-program.ts'
import { runCommand } from '../services/run-command.ts'
import { secretVariables } from './secret-variables.ts'

/** Variables of flags that sound like secrets, and are none. */
const noSecrets = ['HOOP_ACCESS_KEY_ID', 'HOOP_DATABASE', 'HOOP_ROTATE_SECRET', 'HOOP_SHOW_PASSWORD']

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-secrets-'))
  for (const name of secretVariables) vi.stubEnv(name, 'secret')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

test('every variable of the command line, the agent and the gateway that sounds like a secret is in the list', async () => {
  const packages = join(import.meta.dirname, '..', '..', '..')
  const files = globSync('{cli,agent,tunnel-server}/src/**/*.ts', { cwd: packages }).filter((file) => !file.endsWith('.test.ts'))
  const sources = await Promise.all(files.map((file) => readFile(join(packages, file), 'utf8')))
  const named = new Set(
    sources.join('\n').match(/\bHOOP_[A-Z_]*(TOKEN|KEY|SECRET|PASSWORD|PASSPHRASE|BEHALF|DATABASE)[A-Z_]*\b/g),
  )
  expect([...named].sort()).toEqual([...secretVariables, ...noSecrets].sort())
})

test('a command that is run does not see them', async () => {
  const file = join(folder, 'seen')
  expect(await runCommand(['sh', '-c', 'env > "$0"', file], { PGHOST: 'here' })).toBe(0)
  const seen = await readFile(file, 'utf8')
  expect(seen).toContain('PGHOST=here')
  expect(seen).not.toContain('=secret')
})

test('a program with windows of its own does not, either', async () => {
  const [program, file] = [join(folder, 'dbeaver'), join(folder, 'seen')]
  await writeFile(program, `#!/bin/sh\nenv > '${file}.part' && mv '${file}.part' '${file}'\n`)
  await chmod(program, 0o700)
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  const endpoint = { connection: 'c', host: '127.0.0.1', port: 1, database: 'd', user: 'u' } as Endpoint
  await openInWindow(endpoint, '/pgpass')
  const seen = await vi.waitFor(() => readFile(file, 'utf8'), { timeout: 10_000 })
  expect(seen).toContain('PGPASSFILE=/pgpass')
  expect(seen).not.toContain('=secret')
})
