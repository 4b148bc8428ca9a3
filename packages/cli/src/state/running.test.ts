import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listRunning, register } from './running.ts'
import type { RunningConnect } from './running-connect.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hoop-running-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

const about: RunningConnect = {
  pid: process.pid,
  gateway: 'https://hoop.example.com',
  since: '2026-11-23T10:00:00.000Z',
  background: false,
  log: null,
  tunnel: 'up',
  endpoints: [],
}

it('knows what runs, as it is now, until it ends', async () => {
  const entry = await register(home, about)
  expect(await listRunning(home)).toEqual([about])
  await entry.update({ tunnel: 'away' })
  expect(await listRunning(home)).toEqual([{ ...about, tunnel: 'away' }])
  await entry.end()
  expect(await listRunning(home)).toEqual([])
})

it('does not take what a killed process left for one that runs', async () => {
  const script = `
    const { register } = await import(${JSON.stringify(join(import.meta.dirname, 'running.ts'))})
    await register(${JSON.stringify(home)}, ${JSON.stringify(about)})
    console.log('registered')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  expect(await listRunning(home)).toHaveLength(1)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await listRunning(home)).toEqual([])
  expect(await readdir(join(home, 'running'))).toEqual([])
})
