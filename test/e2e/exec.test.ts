import { randomBytes } from 'node:crypto'
import { access, cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hoopBin, hoopEnvironment, startHoop } from '@hoop/demo'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hoop, keepUntilEnd, requires, type System, startSystem, temporaryFolder } from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let home: string
let folder: string

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
  home = await system.home('ada')
  folder = (await keep(temporaryFolder('exec'))).path
})

const node = (program: string, ...args: string[]) => [process.execPath, '--eval', program, '--', ...args]
const exec = (command: readonly string[], of = home) => hoop(['exec', 'sample', '--', ...command], { home: of })

/** A command that leaves a trace when it runs. */
function traced(name: string): { command: string[]; ran: () => Promise<boolean> } {
  const file = join(folder, name)
  const ran = () =>
    access(file).then(
      () => true,
      () => false,
    )
  return { command: node("require('node:fs').writeFileSync(process.argv[1], '')", file), ran }
}

test('ends with the exit code of psql', async (context) => {
  requires(context, 'psql')
  const one = await exec(['psql', '-XAtc', "select 'through hoop'"])
  expect(one).toMatchObject({ code: 0, stdout: 'through hoop\n', stderr: '' })
  const failed = await exec(['psql', '-XAtc', 'select * from nothing'])
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toContain('relation "nothing" does not exist')
  const script = join(folder, 'stops.sql')
  await writeFile(script, 'select 1 / 0;\nselect 2;\n')
  expect((await exec(['psql', '-XAt', '-v', 'ON_ERROR_STOP=1', '-f', script])).code).toBe(3)
})

test.each([0, 1, 3, 42, 255])('ends with the command’s own exit code %i', async (code) => {
  expect((await exec(node(`process.exit(${code})`))).code).toBe(code)
})

test.each([
  ['SIGTERM', 143],
  ['SIGKILL', 137],
  ['SIGINT', 130],
] as const)('ends with 128+n when %s ended the command', async (signal, code) => {
  expect((await exec(node(`process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000)`))).code).toBe(code)
})

test('a signal reaches the command', async () => {
  const command = node("process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000)")
  const program = await startHoop(['exec', 'sample', '--', ...command], { home })
  await program.find('stdout', (line) => (line === 'up' ? true : undefined))
  expect(await program.stop('SIGTERM')).toEqual({ code: 7, signal: null })
})

test('passes input and output on untouched', async () => {
  const bytes = randomBytes(3 * 1024 * 1024)
  const run = await execa(process.execPath, [hoopBin, 'exec', 'sample', '--', 'cat'], {
    env: hoopEnvironment(home, process.env),
    extendEnv: false,
    input: bytes,
    encoding: 'buffer',
    timeout: 30_000,
  })
  expect(Buffer.from(run.stdout).equals(bytes)).toBe(true)
  expect(Buffer.from(run.stderr).toString()).toBe('')
})

test('passes on every argument after -- as it is', async () => {
  const args = ['--json', '--', '-c', '', 'a b', '--reason', '$HOME', '"quoted"', 'größer', '--help', '--json']
  const run = await exec(node('console.log(JSON.stringify(process.argv.slice(1)))', ...args))
  expect(JSON.parse(run.stdout)).toEqual(args)
})

test('sets what PostgreSQL’s programs read, and nothing of the real account', async () => {
  const run = await exec(node('console.log(JSON.stringify(process.env))'))
  const environment = JSON.parse(run.stdout) as Record<string, string>
  expect(environment).toMatchObject({ PGHOST: '127.0.0.1', PGUSER: 'hoop', PGDATABASE: 'shop', PGREQUIREAUTH: 'scram-sha-256' })
  expect(environment.DATABASE_URL).toBe(`postgresql://hoop:${environment.PGPASSWORD}@127.0.0.1:${environment.PGPORT}/shop`)
  expect(run.stdout).not.toContain(system.sample.password)
})

test('without a login: clear words, 120, and the command never runs', async () => {
  const { command, ran } = traced('no-login')
  const nobody = await keep(temporaryFolder('nobody'))
  const run = await exec(command, nobody.path)
  expect(run).toMatchObject({ code: 120, stdout: '' })
  expect(run.stderr).toMatch(/^hoop: .*\n {6}.*hoop login/)
  expect(await ran()).toBe(false)
})

test('with a login that was revoked: the same', async () => {
  const { command, ran } = traced('revoked')
  // A copy of the folder, as a thief or a backup has it: logging out ends the login wherever it lies.
  await system.home('devin')
  const copy = await keep(temporaryFolder('copy'))
  await cp(await system.home('devin'), copy.path, { recursive: true })
  expect((await hoop(['logout'], { home: await system.home('devin') })).code).toBe(0)
  const run = await exec(command, copy.path)
  expect(run).toMatchObject({ code: 120, stdout: '' })
  expect(run.stderr).toContain('hoop login')
  expect(await ran()).toBe(false)
})

test('with an unknown connection, or one of others: 121', async () => {
  const { command, ran } = traced('unknown')
  const unknown = await hoop(['exec', 'nothing', '--', ...command], { home })
  expect(unknown).toMatchObject({ code: 121, stdout: '' })
  expect(unknown.stderr).toContain('hoop ls shows those that you may use.')
  const others = await exec(command, await system.home('otto'))
  expect(others).toMatchObject({ code: 121, stdout: '' })
  expect(await ran()).toBe(false)
})

test('without a command, or with one that is not there: 2', async () => {
  expect(await hoop(['exec', 'sample'], { home })).toMatchObject({ code: 2, stdout: '' })
  const missing = await exec(['no-such-command-anywhere'])
  expect(missing.code).toBe(2)
  expect(missing.stderr).toContain('there is no such command')
})

test('with the gateway down: 126', async () => {
  const { command, ran } = traced('down')
  await system.gateway.stop()
  const run = await exec(command)
  expect(run).toMatchObject({ code: 126, stdout: '' })
  expect(run.stderr).toMatch(/^hoop: /)
  expect(await ran()).toBe(false)
})
