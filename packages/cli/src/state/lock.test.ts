import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withLock } from './lock.ts'
import { temporaryFolder } from './temporary-folder.fixture.ts'

it('lets in one after the other', async () => {
  const path = join(await temporaryFolder('lock'), 'home', 'lock')
  let inside = 0
  let most = 0
  const enter = () =>
    withLock(path, async () => {
      most = Math.max(most, ++inside)
      await new Promise(setImmediate)
      inside--
    })
  await Promise.all(Array.from({ length: 8 }, enter))
  expect(most).toBe(1)
})

it('says which file cannot be locked', async () => {
  const folder = join(await temporaryFolder('lock'), 'folder')
  await mkdir(folder)
  await expect(withLock(folder, async () => 'in')).rejects.toThrow(`${folder} cannot be locked: unable to open database file`)
})

it('is free again after work that failed', async () => {
  const path = join(await temporaryFolder('lock'), 'lock')
  await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withLock(path, async () => 'in')).toBe('in')
})
