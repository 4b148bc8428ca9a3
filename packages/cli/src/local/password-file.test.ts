import { once } from 'node:events'
import { chmod, lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addPasswords } from './password-file.ts'

let folder: string
let file: string
let lock: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-pgpass-'))
  file = join(folder, '.pgpass')
  lock = join(folder, 'state', 'lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const entry = { host: '127.0.0.1', port: 15432, user: 'hoop', password: 'a:b\\c' }

it('stands before what others wrote, which comes out as it went in', async () => {
  // not UTF-8, no newline at the end
  const theirs = Buffer.from('# mine\n*:*:*:*:wild\xff:card', 'latin1')
  await writeFile(file, theirs)
  await chmod(file, 0o644)
  const remove = await addPasswords(file, lock, [entry])
  const text = await readFile(file, 'latin1')
  expect(text).toMatch(/^# hoop: begin 15432\n127\.0\.0\.1:15432:\*:hoop:a\\:b\\\\c\nlocalhost:/)
  expect(text.endsWith(theirs.toString('latin1'))).toBe(true)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await remove()
  expect(await readFile(file)).toEqual(theirs)
})

it('replaces what a killed run left, and leaves no empty file', async () => {
  await addPasswords(file, lock, [{ ...entry, password: 'old' }])
  const remove = await addPasswords(file, lock, [entry])
  expect(await readFile(file, 'utf8')).not.toContain('old')
  const other = await addPasswords(file, lock, [{ ...entry, port: 15433 }])
  await remove()
  expect(await readFile(file, 'utf8')).toMatch(/^# hoop: begin 15433\n/)
  await other()
  await expect(stat(file)).rejects.toThrow('ENOENT')
})

it('takes out what killed runs left at other ports and sockets, and leaves what is open', async () => {
  const [port, socket] = [createServer().listen(0, '127.0.0.1'), createServer().listen(join(folder, '.s.PGSQL.5432'))]
  try {
    await Promise.all([port, socket].map((server) => server.listening || once(server, 'listening')))
    const open = (port.address() as AddressInfo).port
    const theirs = '# hoop: begin here\n*:*:*:*:mine\n# hoop: end here\n'
    await writeFile(file, theirs)
    // each is added while those before it are looked at
    for (const one of [{ port: 1 }, { port: open }, { host: folder, port: 5432 }, { host: join(folder, 'gone'), port: 5432 }])
      await addPasswords(file, lock, [{ ...entry, ...one }])
    await addPasswords(file, lock, [entry])
    const text = await readFile(file, 'utf8')
    const begun = [...text.matchAll(/^# hoop: begin (.*)$/gm)].map(([, mark]) => mark)
    expect(begun).toEqual(['15432', `${folder} 5432`, String(open), 'here'])
    expect(text.endsWith(theirs)).toBe(true)
  } finally {
    for (const server of [port, socket]) server.close()
  }
})

it('writes through a link', async () => {
  const target = join(folder, 'dotfiles')
  await writeFile(target, 'h:1:d:u:p\n', { mode: 0o600 })
  await symlink(target, file)
  await (await addPasswords(file, lock, [entry]))()
  expect((await lstat(file)).isSymbolicLink()).toBe(true)
  expect(await readFile(target, 'utf8')).toBe('h:1:d:u:p\n')
})
