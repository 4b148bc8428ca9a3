import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startHoop } from './programs/hoop.ts'
import type { Program } from './programs/program.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hoop-demo-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const startDemo = (...args: string[]): Promise<Program> => startHoop(['demo', ...args], { home, limit: 150_000 })

/** Command lines of the processes that still have to do with this demo. */
async function leftBehind(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const parts = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')),
      )
      return parts.join('\0')
    }),
  )
  return lines.filter((line) => line.includes(home)).map((line) => line.replaceAll('\0', ' ').slice(0, 200))
}

test('the tour passes all its checks, and nothing of it goes on running', { timeout: 180_000 }, async () => {
  const demo = await startDemo('--tour-only')
  const { code, stdout, stderr } = await demo.finish(150_000)
  expect(code, `${stdout}${stderr}`).toBe(0)
  expect(stdout).toContain('every check passed')
  expect(stdout).not.toContain('✗')
  expect(await leftBehind()).toEqual([])
})

test('interrupted in the middle of the tour, it takes everything along', { timeout: 180_000 }, async () => {
  const demo = await startDemo()
  await demo.find('stdout', (line) => line.includes('held for approval') || undefined, 120_000)
  const { code } = await demo.stop('SIGINT', 60_000)
  expect(code).toBe(130)
  expect(await leftBehind()).toEqual([])
})

test('killed, it takes the gateway along, and the next start goes on', { timeout: 240_000 }, async () => {
  const first = await startDemo()
  await first.find('stdout', (line) => line.includes('every check passed') || undefined, 120_000)
  await first.stop('SIGKILL')
  await expect.poll(async () => (await leftBehind()).filter((line) => line.includes('gateway')), { timeout: 30_000 }).toEqual([])
  const second = await (await startDemo('--tour-only')).finish(150_000)
  expect(second.code, `${second.stdout}${second.stderr}`).toBe(0)
  expect(await leftBehind()).toEqual([])
})
