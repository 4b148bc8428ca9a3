import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

const bin = fileURLToPath(new URL('../bin/hoop.js', import.meta.url))
const env = { PATH: process.env.PATH, HOOP_HOME: mkdtempSync(join(tmpdir(), 'hoop-main-')), HOOP_CREDENTIAL_STORE: 'file' }
afterAll(() => rm(env.HOOP_HOME, { recursive: true, force: true }))

const hoop = (...args: string[]) => hoopWith({}, ...args)

function hoopWith(more: Record<string, string>, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], { env: { ...env, ...more } }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

it.each([
  ['a flag that is not there', ['ls', '--nope'], 2],
  ['a command that is not there', ['lss'], 2],
  ['a missing argument', ['connect'], 2],
  ['no login', ['ls', '--gateway', 'http://127.0.0.1:9'], 120],
  ['no gateway', ['ls'], 120],
  ['a gateway without encryption', ['ls', '--gateway', 'http://hoop.example.com'], 2],
  ['a gateway that is away', ['login', 'http://127.0.0.1:9', '--no-open'], 126],
])(
  'ends with its own code for %s, with words and no stack trace',
  async (_, args, code) => {
    const run = await hoop(...args)
    expect(run).toMatchObject({ code, stdout: '' })
    expect(run.stderr).toMatch(/^hoop: .*\n {6}\S/)
    expect(run.stderr).not.toMatch(/^ +at /m)
  },
  30_000,
)

it('never runs a command without a login', async () => {
  const run = await hoop('exec', 'shop', '--gateway', 'http://127.0.0.1:9', '--', process.execPath, '-e', 'console.log("ran")')
  expect(run).toMatchObject({ code: 120, stdout: '' })
}, 30_000)

it.each([
  [['--wait', '10m'], '--wait', 'a command waits for approvals as long as they may take'],
  [['-o', 'csv'], '--output', 'a command prints its own results'],
])(
  'refuses %j of statements for a command',
  async (flags, flag, why) => {
    expect(await hoop('exec', 'shop', ...flags, '--', process.execPath, '-e', 'console.log("ran")')).toEqual({
      code: 2,
      stdout: '',
      stderr: `hoop: ${flag} is for statements, not for a command after --: ${why}
      leave ${flag} out, or give the statements themselves with -c or -f\n`,
    })
  },
  30_000,
)

it('takes what the environment says of statements for a command, too', async () => {
  const run = await hoopWith({ HOOP_OUTPUT: 'csv', HOOP_WAIT: '10m' }, 'exec', 'shop', '--', process.execPath, '-e', '')
  expect(run).toMatchObject({ code: 120, stdout: '' })
}, 30_000)

it('names the arguments that are missing', async () => {
  const { stderr } = await hoop('get')
  expect(stderr).toBe('hoop: missing: KIND (connection, access, policy, mask or role)\n      the same with --help says more\n')
}, 30_000)

it('says that its answer could not be written', async () => {
  const full = await open('/dev/full', 'w')
  const child = spawn(process.execPath, [bin, 'exit-codes'], { env, stdio: ['ignore', full.fd, 'pipe'] })
  const told = text(child.stderr!)
  const [code] = await once(child, 'close')
  await full.close()
  expect({ code, told: await told }).toEqual({
    code: 1,
    told: 'hoop: the output cannot be written: no space left on device\n      free some space, and try again\n',
  })
}, 30_000)

it('ends with its own code where nobody reads what is wrong', async () => {
  const child = spawn(process.execPath, [bin, 'ls'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr!.destroy()
  expect((await once(child, 'close'))[0]).toBe(120)
}, 30_000)

it('answers --version and lists the exit codes', async () => {
  expect((await hoop('--version')).stdout).toMatch(/^hoop \d/)
  expect((await hoop('help', 'exit-codes')).stdout).toContain('126')
}, 30_000)
