import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'

const bin = join(import.meta.dirname, '..', 'bin', 'hoop.js')
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-home-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The HOME that a run of hoop in the folder has at its end. */
async function homeOf(env: Record<string, string>, user: { uid?: number; gid?: number } = {}): Promise<string> {
  const script = `process.argv.splice(1, 9, 'hoop', 'exit-codes'); process.on('exit', () => console.error(process.env.HOME)); import('${bin}')`
  const options = { cwd: folder, env: { PATH: process.env.PATH, ...env }, ...user }
  return (await promisify(execFile)(process.execPath, ['-e', script], options)).stderr.trim()
}

it.each(['', 'relative'])('a HOME of "%s" does not make where we are a home, nor run what is there', async (HOME) => {
  const here = join(folder, HOME, '.hoop')
  await mkdir(here, { recursive: true })
  expect(await homeOf({ HOME })).toBe(userInfo().homedir)
  expect(await readdir(here)).toEqual([])
})

it('a user whom no list of users knows has no home, and hoop runs', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root becomes somebody else')
  await chmod(folder, 0o755)
  expect(await homeOf({}, { uid: 54_321, gid: 54_321 })).toBe('/no-home-of-this-user')
})

it('compiled code is neither kept in nor taken from a folder that others may fill', async () => {
  await homeOf({ HOOP_HOME: folder })
  expect(await readdir(folder)).toEqual(['cache'])
  await rm(join(folder, 'cache'), { recursive: true })
  await chmod(folder, 0o777)
  await homeOf({ HOOP_HOME: folder })
  expect(await readdir(folder)).toEqual([])
})
