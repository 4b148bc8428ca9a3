import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const bin = fileURLToPath(new URL('../bin/hoop.js', import.meta.url))
const env = { PATH: process.env.PATH, HOOP_HOME: mkdtempSync(join(tmpdir(), 'hoop-main-')), HOOP_CREDENTIAL_STORE: 'file' }

function hoop(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], { env }, (_, stdout, stderr) => {
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
    expect(run.stderr).toMatch(/^ ?›? *(Warning|hoop)?:/)
    expect(run.stderr).not.toMatch(/^ +at /m)
  },
  30_000,
)

it('never runs a command without a login', async () => {
  const run = await hoop('exec', 'shop', '--gateway', 'http://127.0.0.1:9', '--', process.execPath, '-e', 'console.log("ran")')
  expect(run).toMatchObject({ code: 120, stdout: '' })
}, 30_000)

it('names the arguments that are missing', async () => {
  const { stderr } = await hoop('get')
  expect(stderr).toBe('hoop: missing: KIND (connection, access, policy, mask or role)\n      the same with --help says more\n')
}, 30_000)

it('answers --version and lists the exit codes', async () => {
  expect((await hoop('--version')).stdout).toMatch(/^hoop \d/)
  expect((await hoop('help', 'exit-codes')).stdout).toContain('126')
}, 30_000)
