import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readToken } from './token-source.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-token-'))
})
afterAll(() => rm(folder, { recursive: true }))

const refused = { code: 'invalid_request' }

test('reads the token that the file has now', async () => {
  const file = join(folder, 'token')
  for (const token of ['aaa.bbb.ccc', 'ddd.eee.fff']) {
    await writeFile(file, `${token}\n`)
    expect(await readToken({ file }, 'https://gateway.test')).toBe(token)
  }
})

test.each([
  ['empty', ''],
  ['no token', 'hello'],
  ['two tokens', 'a.b.c a.b.c'],
  ['endless', `a.b.${'c'.repeat(100_000)} x`],
])('a file that is %s is refused', async (name, content) => {
  const file = join(folder, name)
  await writeFile(file, content)
  await expect(readToken({ file }, 'https://gateway.test')).rejects.toMatchObject(refused)
})

test('a file that is not there, and a folder, are refused by name', async () => {
  const file = join(folder, 'absent')
  await expect(readToken({ file }, 'https://gateway.test')).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining(file),
  })
  await expect(readToken({ file: folder }, 'https://gateway.test')).rejects.toMatchObject(refused)
})

test('takes what a command prints, as the shell runs it', async () => {
  expect(await readToken({ command: 'echo aaa.bbb.ccc | tr a z' }, 'https://gateway.test')).toBe('zzz.bbb.ccc')
  await expect(readToken({ command: 'echo aaa.bbb.ccc; exit 3' }, 'https://gateway.test')).rejects.toMatchObject(refused)
  await expect(readToken({ command: 'head -c 200000 /dev/zero' }, 'https://gateway.test')).rejects.toMatchObject(refused)
})
