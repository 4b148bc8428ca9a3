import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keepUntilEnd, requires, temporaryFolder } from '../../support/index.ts'
import { debianPrograms } from './debian-postgres.ts'
import { expectRecorded } from './record.ts'
import { type ClientsSystem, role, startClientsSystem } from './system.ts'

const keep = keepUntilEnd(afterAll)
const everything = fileURLToPath(new URL('programs/everything.sql', import.meta.url))
const missing = !existsSync(join(debianPrograms, 'postgres')) && process.env.HOOP_TEST_REQUIRE !== 'all'

describe.skipIf(missing)('pg_dump 15 and pg_restore 15', () => {
  let system: ClientsSystem
  let folder: string
  /** What pg_dump says of the first database without hoop. */
  let original: string

  beforeAll(async () => {
    // It refuses a server newer than itself.
    system = await keep(startClientsSystem({ major: 15 }))
    folder = (await keep(temporaryFolder('pg-dump'))).path
    await run('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', everything, system.direct())
    original = await dumpOf(system.direct())
  }, 120_000)
  beforeEach(async (context) => {
    requires(context, 'psql', 'pg_dump', 'pg_restore', 'pg_dumpall')
    await system.run('drop database if exists other with (force)', { superuser: true })
    await system.run(`create database other owner ${role}`, { superuser: true })
  })

  async function run(program: string, ...args: string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await execa(program, args, { reject: false, timeout: 120_000, maxBuffer: 100_000_000 })
    expect({ stderr, exitCode }, `${program} ${args.join(' ')}`).toEqual({ stderr: '', exitCode: 0 })
    // Newer patch versions fence a dump with a new random word each time.
    return stdout.replaceAll(/^\\(un)?restrict .*$/gm, '')
  }
  const dumpOf = (url: string, ...options: string[]) => run('pg_dump', ...options, url)
  const otherOf = (url: string) => url.replace(/\/app$/, '/other')
  const expectRestored = async () => expect(await dumpOf(system.direct('other'))).toBe(original)

  test.each([
    '',
    '--schema-only',
    '--data-only',
    '--inserts --rows-per-insert=10',
    '--column-inserts --table=shop.people',
    '--clean --if-exists --create',
    '--section=pre-data',
    '--section=post-data',
    '--no-owner --no-privileges --schema=shop',
    '--blobs --serializable-deferrable',
    '--enable-row-security --lock-wait-timeout=10s',
    `--role=${role}`,
  ])('a plain dump is the same as without hoop: pg_dump %s', async (words) => {
    const options = words.split(' ').filter((word) => word !== '')
    const expected = await dumpOf(system.direct(), ...options)
    await expectRecorded(system, async (connect) => expect(await dumpOf(connect.url, ...options)).toBe(expected))
  })

  test('a plain dump is restored by psql', async () => {
    const file = join(folder, 'plain.sql')
    await expectRecorded(system, async (connect) => {
      await writeFile(file, await dumpOf(connect.url))
      await run('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', file, otherOf(connect.url))
    })
    await expectRestored()
    expect(await readFile(file, 'utf8')).toContain('6c61726765206f626a656374')
  })

  test.each([
    ['custom', '1', ''],
    ['custom', '1', '--clean --if-exists'],
    ['tar', '1', '--single-transaction'],
    ['directory', '1', ''],
    ['directory', '2', ''],
  ])('a dump in the %s format, %s at a time, is restored by pg_restore %s', async (format, jobs, words) => {
    const file = join(folder, `${format}-${jobs}${words}`)
    const parallel = [`--jobs=${jobs}`]
    const options = words.split(' ').filter((word) => word !== '')
    await expectRecorded(system, async (connect) => {
      await run('pg_dump', `--format=${format}`, ...(format === 'directory' ? parallel : []), `--file=${file}`, connect.url)
      const restore = (...more: string[]) =>
        run('pg_restore', '--exit-on-error', ...more, `--dbname=${otherOf(connect.url)}`, file)
      if (options.includes('--clean')) await restore()
      await restore(...(jobs === '1' ? [] : parallel), ...options)
    })
    await expectRestored()
  })

  test('roles and tablespaces by pg_dumpall, as far as the role may see them', async () => {
    const options = ['--globals-only', '--no-role-passwords', '--database=app']
    const expected = await run('pg_dumpall', ...options, `--dbname=${system.direct()}`)
    expect(expected).toContain(`CREATE ROLE ${role}`)
    await expectRecorded(system, async (connect) => {
      expect(await run('pg_dumpall', ...options, `--dbname=${connect.url}`)).toBe(expected)
    })
  })
})
