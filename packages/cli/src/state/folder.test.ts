import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ensureFolder, writeFileAtomically } from './folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-folder-'))
})
afterEach(() => rm(folder, { recursive: true }))
const modeOf = async (path: string) => (await stat(path)).mode & 0o7777

it('a folder of our own is closed to others', async () => {
  await chmod(folder, 0o755)
  await ensureFolder(folder)
  await ensureFolder(join(folder, 'a', 'b'))
  expect([await modeOf(folder), await modeOf(join(folder, 'a', 'b'))]).toEqual([0o700, 0o700])
})

it('a folder that is everybody’s stays so, and nothing is kept in it', async () => {
  await chmod(folder, 0o1777)
  await expect(writeFileAtomically(join(folder, 'file'), '')).rejects.toThrow(`${folder} is shared with others`)
  expect(await modeOf(folder)).toBe(0o1777)
})
