import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GroupSync } from './group-sync.ts'
import { checkRecord, openRecord, RecordError, readLines, recoverRecord } from './index.ts'
import { eventsOf, operation } from './testing/fixtures.ts'

const writer = fileURLToPath(new URL('./testing/writing-process.ts', import.meta.url))
let home: string
let folder: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hoop-fail-'))
  folder = join(home, 'ses_1')
})
afterEach(() => rm(home, { recursive: true, force: true }))

/** The lines a process says until it ends. */
async function run(file: string, args: string[], onLines?: (count: number, kill: () => void) => void): Promise<string[]> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  let count = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    count += text.split('\n').length - 1
    onLines?.(count, () => child.kill('SIGKILL'))
  })
  await new Promise((resolve) => child.once('close', resolve))
  return said.split('\n').slice(0, -1)
}

describe('a record that cannot be written fails for good', () => {
  // `ulimit -f` counts KiB in bash: a file that reaches the limit takes a part of the write, then none.
  test.each([
    ['lines', 20, 1],
    ['data', 20, 9000],
  ])('when the file system takes no more %s', async (_, limit, bytes) => {
    const said = await run('bash', [
      '-c',
      `ulimit -f ${limit}; exec "$@"`,
      'bash',
      process.execPath,
      writer,
      folder,
      String(bytes),
    ])
    expect(said.at(-1)).toMatch(/^failed for good: The record of session ses_1 cannot be written: EFBIG/)
    const acknowledged = Number(said.at(-2))
    expect(await checkRecord(folder)).toMatchObject({ ok: true, closed: false, events: acknowledged + 1 })
    // What was taken of the failed write was taken back.
    expect(await recoverRecord(folder, 'the disk was full')).toMatchObject({ cut: 0, unreferenced: 0 })
    expect(await checkRecord(folder)).toMatchObject({ ok: true, closed: true, events: acknowledged + 2 })
  })

  test('when its folder is read-only', async () => {
    await chmod(home, 0o555)
    const nobody = process.getuid?.() === 0 ? ['65534'] : []
    expect(await run(process.execPath, [writer, folder, '100', ...nobody])).toEqual([
      `not opened: The record of session ses_1 cannot be written: EACCES: permission denied, mkdir '${folder}'`,
    ])
  })

  test('when its folder is no folder', async () => {
    await writeFile(folder, '')
    expect(() => openRecord({ folder, session: 'ses_1', durability: 'ordered', results: 'full' })).toThrow(RecordError)
  })

  test('when the next segment cannot be made; its followers read all that was written, then the failure', async () => {
    const record = openRecord({ folder, session: 'ses_1', durability: 'ordered', results: 'full', segmentBytes: 1000 })
    const lines: string[] = []
    const following = (async () => {
      for await (const line of readLines(folder, { after: -1, follow: true, live: record })) lines.push(line)
    })()
    await mkdir(join(folder, '000001'))
    record.append(operation('op_1'))
    record.append(operation('op_2'))
    expect(() => record.append(operation('op_3'))).toThrow(/EEXIST/)
    expect(record.ended).toBe(true)
    expect(() => record.append(operation('op_4'))).toThrow(record.failed!)
    expect(() => record.durable()).toThrow(record.failed!)
    await expect(following).rejects.toBe(record.failed)
    expect(lines).toHaveLength(3)
    await expect(record.close('done')).rejects.toBe(record.failed)
    expect(await eventsOf(folder)).toHaveLength(3)
  })

  test('when a sync fails, once and for everyone who waits', async () => {
    const failures: unknown[] = []
    let syncs = 0
    const failure = new Error('EIO: i/o error, fdatasync')
    const sync = new GroupSync((error) => failures.push(error))
    sync.note({ sync: () => (syncs++ === 0 ? Promise.reject(failure) : Promise.resolve()) })
    const waiting = await Promise.allSettled([sync.settle(), sync.settle()])
    expect(waiting.map((one) => one.status === 'rejected' && one.reason)).toEqual([failure, failure])
    sync.note({ sync: () => Promise.resolve() })
    await expect(sync.settle()).rejects.toBe(failure)
    expect(sync.settled).toBe(false)
    expect(failures).toEqual([failure])
    sync.stop()
  })
})

test('what a killed process acknowledged is in the file, in 20 rounds', async () => {
  for (let round = 0; round < 20; round++) {
    const record = join(home, `ses_${round}`)
    const enough = 1 + Math.floor(Math.random() * 600)
    const said = await run(process.execPath, [writer, record, '700'], (count, kill) => count >= enough && kill())
    const acknowledged = Number(said.at(-1))
    const recovery = await recoverRecord(record, 'the gateway was killed')
    const events = await eventsOf(record)
    expect(events.length - 1).toBeGreaterThan(acknowledged)
    expect(events.at(-1)).toMatchObject({
      type: 'session.closed',
      recovered: { cut: recovery.cut, unreferenced: recovery.unreferenced },
    })
    expect(await checkRecord(record)).toMatchObject({ ok: true, closed: true })
  }
})
