import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../state/temporary-folder.fixture.ts'
import { fileStore } from './file-store.ts'

async function newHome(): Promise<string> {
  return join(await temporaryFolder('store'), 'home')
}

it('keeps secrets in a file of mode 0600 in a folder of mode 0700', async () => {
  const home = await newHome()
  await mkdir(home, { mode: 0o755 })
  const store = fileStore(home)
  expect(await store.get('a')).toBeNull()
  await store.set('a', 'one')
  await store.set('b', 'two')
  expect([await store.get('a'), await store.get('b')]).toEqual(['one', 'two'])
  expect((await stat(join(home, 'credentials.json'))).mode & 0o777).toBe(0o600)
  expect((await stat(home)).mode & 0o777).toBe(0o700)
  await store.delete('a')
  expect([await store.get('a'), await store.get('b')]).toEqual([null, 'two'])
  expect(await readdir(home)).toEqual(['credentials.json', 'lock-credentials'])
})

it('loses nothing that two write at the same time', async () => {
  const home = await newHome()
  const names = Array.from({ length: 10 }, (_, index) => `account ${index}`)
  await Promise.all(names.map((name) => fileStore(home).set(name, name)))
  const store = fileStore(home)
  for (const name of names) expect(await store.get(name)).toBe(name)
})

it('refuses a file that others may read, and one that it did not write', async () => {
  const home = await newHome()
  const store = fileStore(home)
  await store.set('a', 'one')
  await chmod(join(home, 'credentials.json'), 0o644)
  await expect(store.get('a')).rejects.toThrow('can be read by other users')
  await chmod(join(home, 'credentials.json'), 0o600)
  await writeFile(join(home, 'credentials.json'), '{"a": 1}')
  await expect(store.get('a')).rejects.toThrow('not what hoop wrote')
})
