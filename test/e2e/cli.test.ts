import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exitCodes } from '@hoop/contracts'
import { hoopEnvironment, Program, startHoop } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ConnectEvent } from '../../packages/cli/src/present/connect-events.ts'
import { hoop, keepUntilEnd, requires, type System, startConnect, startSystem, temporaryFolder } from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let home: string
beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 20 } }))
  home = await system.home('devin')
})

describe('connect', () => {
  test('tells each thing that happens as one JSON object a line', async () => {
    const connect = await startConnect('sample', { home })
    onTestFinished(async () => void (await connect.stop()))
    const client = new pg.Client(connect.url)
    client.on('error', () => undefined)
    await client.connect()
    await client.query('SELECT card_number FROM cards LIMIT 2')
    await expect(client.query('DROP TABLE customers')).rejects.toMatchObject({ code: '42501' })
    const deletion = client.query('DELETE FROM orders WHERE id = 7').catch((error: Error) => error)
    const seen = (wanted: string) =>
      connect.program.find('stdout', (line) => {
        const event = ConnectEvent.parse(JSON.parse(line))
        return event.event === wanted ? event : undefined
      })
    expect(await seen('operation')).toMatchObject({ connection: 'sample', text: expect.stringContaining('card_number') })
    expect(await seen('masked')).toMatchObject({ values: 2 })
    expect(await seen('refused')).toMatchObject({ text: 'DROP TABLE customers', rule: expect.stringContaining('Policy/') })
    const held = await seen('held')
    if (held.event !== 'held') throw new Error('not held')
    const grace = await system.home('grace')
    expect((await hoop([...held.show.split(' ').slice(1)], { home: grace })).stdout).toContain('DELETE FROM orders')
    expect((await hoop(['approvals', 'deny', held.approval, '--reason', 'no'], { home: grace })).code).toBe(0)
    expect(await seen('decided')).toMatchObject({ decision: 'denied', by: 'grace@shop.example', reason: 'no' })
    expect(await deletion).toBeInstanceOf(Error)
    await client.end()
  })

  test('goes on in the background, is shown, and ends on demand', async () => {
    const port = String(await freePort())
    onTestFinished(async () => void (await hoop(['disconnect'], { home })))
    const started = await hoop(['connect', 'sample', '--background', '--port', port, '--show-password'], { home })
    expect(started).toMatchObject({ code: 0 })
    const url = /postgresql:\/\/\S+/.exec(started.stdout)?.[0]
    const client = new pg.Client(url)
    await client.connect()
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await client.end()
    const shown = await hoop(['status', '--json'], { home })
    expect(shown).toMatchObject({ code: 0 })
    expect(JSON.parse(shown.stdout)).toMatchObject({
      gateway: { address: system.gateway.url },
      login: { identity: { name: expect.any(String) } },
      keptIn: expect.stringContaining('no keychain is used'),
      connects: [{ background: true, tunnel: 'up', endpoints: [{ connection: 'sample', port: Number(port) }] }],
      problems: [],
    })
    // The port is taken now: the same words as in the foreground.
    const again = await hoop(['connect', 'sample', '--background'], { home })
    expect(again).toMatchObject({ code: exitCodes.failed, stdout: '' })
    expect(again.stderr).toContain(`port ${port} on 127.0.0.1 is taken`)
    const ended = await hoop(['disconnect', 'sample'], { home })
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sample {2}ended/) })
    // neither of the one that was ended, nor of the one that never began
    expect(await readdir(join(home, 'running'))).toEqual([])
    await expect(new pg.Client(url).connect()).rejects.toThrow('ECONNREFUSED')
    expect((await hoop(['disconnect', 'sample'], { home })).code).toBe(exitCodes.failed)
  })

  test('psql finds the password by itself, in our file and on request in the person’s', async (context) => {
    requires(context, 'psql')
    const folder = await keep(temporaryFolder('pgpass'))
    const theirs = join(folder.path, '.pgpass')
    await writeFile(theirs, '*:*:*:*:another\n')
    const program = await keep(
      Program.start(
        process.execPath,
        [
          ...[join(import.meta.dirname, '../../packages/cli/bin/hoop.js'), 'connect', 'sample', '--pgpass'],
          ...['--port', String(await freePort())],
        ],
        { env: { ...hoopEnvironment(home, process.env), HOME: folder.path } },
      ),
    )
    const url = await program.find('stdout', (line) => /postgresql:\/\/\S+/.exec(line)?.[0])
    for (const env of [{ PGPASSFILE: join(home, 'pgpass') }, { HOME: folder.path }]) {
      const psql = await Program.start('psql', ['-XAtwc', 'select 42', url], { env: { PATH: process.env.PATH ?? '', ...env } })
      expect(await psql.finish()).toMatchObject({ code: 0, stdout: '42\n' })
    }
    expect((await stat(join(home, 'pgpass'))).mode & 0o777).toBe(0o600)
    await program.stop('SIGINT')
    expect(await readFile(theirs, 'utf8')).toBe('*:*:*:*:another\n')
    await expect(stat(join(home, 'pgpass'))).rejects.toThrow('ENOENT')
  })

  test('ends with psql, and when its time is over', async (context) => {
    const run = await hoop(['connect', 'sample', '--duration', '1s', '--json', '--port', String(await freePort())], { home })
    expect(run).toMatchObject({ code: 0 })
    expect(
      run.stdout
        .trimEnd()
        .split('\n')
        .map((line) => ConnectEvent.parse(JSON.parse(line)).event),
    ).toEqual(['ready', 'ended'])
    requires(context, 'psql')
    const opened = await Program.start(
      process.execPath,
      [
        ...[join(import.meta.dirname, '../../packages/cli/bin/hoop.js'), 'connect', 'sample', '--open', 'psql'],
        ...['--port', String(await freePort())],
      ],
      { env: hoopEnvironment(home, process.env), input: "select 'in ' || 'psql';\n\\q\n" },
    )
    expect(await opened.finish()).toMatchObject({ code: 0, stdout: expect.stringContaining('in psql') })
  })
})

describe('status', () => {
  test('says what is wrong, and what to do', async () => {
    const nobody = await keep(temporaryFolder('nobody'))
    const unknown = await hoop(['status'], { home: nobody.path })
    expect(unknown).toMatchObject({ code: exitCodes.notLoggedIn, stdout: expect.stringContaining('→ hoop login') })
    const away = await hoop(['status', '--gateway', 'http://127.0.0.1:9'], { home })
    expect(away).toMatchObject({ code: exitCodes.gatewayUnreachable, stdout: expect.stringContaining('not reached') })
    const out = await hoop(['status', '--gateway', system.gateway.url], { home: nobody.path })
    expect(out).toMatchObject({ code: exitCodes.notLoggedIn, stdout: expect.stringContaining('not logged in') })
  })

  test('doctor --bypass finds the sample where it answers directly', async () => {
    const asAdmin = await hoop(['doctor', 'sample', '--bypass'], { home: await system.home('root-admin') })
    expect(asAdmin).toMatchObject({ code: 1, stdout: expect.stringContaining('answers from here, past the gateway') })
    const asUser = await hoop(['doctor', '--bypass'], { home })
    expect(asUser.stdout).toContain('unchecked')
    expect((await hoop(['doctor'], { home })).code).toBe(exitCodes.usage)
  })
})

describe('exec runs statements itself', () => {
  const exec = (args: readonly string[], input?: string) =>
    hoop(['exec', 'sample', ...args], { home, ...(input === undefined ? {} : { input }) })

  test('of -c, files and standard input, and prints what they give', async () => {
    const csv = await exec(['-c', "select 1 as id, null as none, 'a,b' as text", '-o', 'csv'])
    expect(csv).toMatchObject({ code: 0, stdout: 'id,none,text\n1,,"a,b"\n', stderr: '' })
    const file = join((await keep(temporaryFolder('statements'))).path, 'two.sql')
    await writeFile(file, 'show server_version_num; select 2 as two')
    const [shown, two] = (await exec(['-f', file, '--json'])).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(shown).toMatchObject({ command: 'SHOW', rows: [{ server_version_num: expect.stringMatching(/^18/) }] })
    expect(two).toEqual({ command: 'SELECT', count: 1, rows: [{ two: 2 }] })
    const piped = await exec([], 'select card_number from cards order by id limit 1')
    expect(piped).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\*+\d{4}\n$/) })
  })

  test('ends with the code of who said no, and reports it', async () => {
    const folder = await keep(temporaryFolder('report'))
    const report = join(folder.path, 'report.json')
    const refused = await exec(['-c', 'select 1; drop table orders', '--report', report])
    expect(refused).toMatchObject({ code: exitCodes.denied, stdout: '' })
    expect(refused.stderr).toMatch(/^hoop: .*\(42501\)\n {6}Rule: Policy\//)
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({
      connection: 'sample',
      exit: exitCodes.denied,
      refused: [{ text: expect.stringContaining('drop table orders'), rule: expect.stringContaining('Policy/') }],
      held: [],
    })
    const wrong = await exec(['-c', 'select * from nothing', '--json'])
    expect(wrong).toMatchObject({ code: exitCodes.failed, stdout: '' })
    expect(JSON.parse(wrong.stderr)).toMatchObject({ error: { code: '42P01', exit: 1 } })
    // No rule is against what is no SQL.
    expect(await exec(['-c', 'selec 1'])).toMatchObject({ code: exitCodes.failed, stderr: expect.stringContaining('(42601)') })
  })

  test('waits for an approver as long as it is told to', async () => {
    const folder = await keep(temporaryFolder('report'))
    const report = join(folder.path, 'report.json')
    const late = await exec(['-c', 'delete from orders where id = 11', '--wait', '0s', '--report', report])
    expect(late).toMatchObject({ code: exitCodes.held, stdout: '' })
    expect(late.stderr).toContain('after --wait 0s')
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({
      refused: [],
      held: [{ approval: expect.stringMatching(/^ap_/) }],
    })
    const denied = startHoop(['exec', 'sample', '-c', 'delete from orders where id = 12'], { home })
    const program = await keep(denied)
    const approval = await program.find('stderr', (line) => /held for approval (\w+)/.exec(line)?.[1])
    const grace = await system.home('grace')
    expect((await hoop(['approvals', 'deny', approval, '--reason', 'no'], { home: grace })).code).toBe(0)
    expect(await program.finish()).toMatchObject({ code: exitCodes.approvalDenied })
  })

  test('one run is one of both', async () => {
    expect(await exec(['-c', 'select 1', '--', 'true'])).toMatchObject({ code: exitCodes.usage, stdout: '' })
    expect(await exec([], ' ')).toMatchObject({ code: exitCodes.usage, stdout: '' })
  })
})
