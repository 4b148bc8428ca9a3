import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from './data-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-data-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('it is free again once it was released', async () => {
  const first = await openDataFolder(folder)
  await expect(openDataFolder(folder)).rejects.toMatchObject({ code: 'conflict' })
  await first.release()
  await (await openDataFolder(folder)).release()
  expect((await readdir(folder)).sort()).toEqual(['keys', 'records'])
})

test.each([
  ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, start: '1', token: 'x' })],
  ['of a process whose number another one has now', JSON.stringify({ pid: process.pid, start: '1', token: 'x' })],
  ['that nobody can read', '{"pid":'],
])('of many that find a lock %s, one gets it', async (_, lock) => {
  await writeFile(join(folder, 'gateway.lock'), lock)
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => openDataFolder(folder)))
  expect(tries.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  for (const each of tries) if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'conflict' })
})
