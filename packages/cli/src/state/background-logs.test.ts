import { closeSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { boundLog, newLog, sweepLogs } from './background-logs.ts'
import { statePaths } from './folder.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hoop-logs-'))
})
afterEach(() => rm(home, { recursive: true }))

it('a log that grows keeps its end, and one that went before', async () => {
  const path = await newLog(home)
  const descriptor = openSync(path, 'a', 0o600)
  const wrote = boundLog(path, descriptor)
  for (let line = 0; line < 90; line++) {
    writeSync(descriptor, `${line} ${'x'.repeat(100_000)}\n`)
    wrote()
  }
  closeSync(descriptor)
  const [now, before] = await Promise.all([path, `${path}.1`].map((each) => readFile(each, 'utf8')))
  expect(now).toMatch(/^84 x/)
  expect(now).toMatch(/\n89 x+\n$/)
  expect(before).toMatch(/^42 x/)
})

it('of connects that are gone, the latest logs stay for a week', async () => {
  const used = await newLog(home)
  const { running } = statePaths(home)
  const log = (day: number) => join(running, `2026-11-${String(day).padStart(2, '0')}T000000.000Z.log`)
  for (const path of [used, ...Array.from({ length: 25 }, (_, index) => log(index + 1))]) await writeFile(path, '')
  await writeFile(`${log(1)}.1`, '')
  const now = Date.now()
  for (const path of [used, log(24)]) await utimes(path, 0, (now - 8 * 86_400_000) / 1000)
  await sweepLogs(home, new Set([used]), now)
  const left = [...Array.from({ length: 20 }, (_, index) => index + 6)].filter((day) => day !== 24).map(log)
  expect((await readdir(running)).sort()).toEqual([...left, used].map((path) => basename(path)).sort())
})
