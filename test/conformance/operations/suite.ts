import { randomBytes } from 'node:crypto'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type PostgresServer, serverAccount, startPostgres } from '@hoop/postgres-server'
import { temporaryFolder } from '../../support/index.ts'
import { type Build, buildPostgres } from '../postgres/build.ts'
import { version } from '../postgres/source.ts'
import { readSchedule } from '../postgres/suite.ts'
import { Oracle } from './oracle.ts'
import { type Finding, runScript } from './script.ts'
import { ServerSession } from './server-session.ts'

/** Makes the tables that all other scripts use. */
const setup = 'test_setup'
const template = 'regression'
/** As pg_regress has them, so that the scripts do what they are meant to. */
const sessionSettings = { DateStyle: 'Postgres, MDY', TimeZone: 'PST8PDT', options: '-c intervalstyle=postgres_verbose' }
const databaseSettings = ['lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time']
const atOnce = 2
/** Runs the scripts of PostgreSQL's own regression suite, none left out, each in a database of its own. Throws SourceUnavailable. */
export async function runSuite(only: readonly string[] | null, say: (line: string) => void): Promise<Finding[]> {
  const build = await buildPostgres(say)
  const tests = (await readSchedule(build, null)).flat().filter((test) => test === setup || only === null || only.includes(test))
  const { path: folder, stop: remove } = await temporaryFolder('operations')
  const server = await startServer(build, folder)
  const admin = await ServerSession.open(server, 'postgres', {})
  try {
    await admin.ask(`create database ${template} template template0`)
    for (const name of databaseSettings) await admin.ask(`alter database ${template} set ${name} to 'C'`)
    const environment = {
      PG_ABS_SRCDIR: build.regress,
      PG_ABS_BUILDDIR: await outputFolder(folder),
      PG_LIBDIR: build.regress,
      PG_DLSUFFIX: '.so',
    }
    say(`PostgreSQL ${version}: the statements of ${tests.length} scripts of its regression suite`)
    const run = (test: string, database: string) =>
      runScript(
        join(build.regress, 'sql', `${test}.sql`),
        `${test}.sql`,
        () => Oracle.open(server, database, sessionSettings),
        environment,
      )
    const findings = await run(setup, template)
    const waiting = tests.filter((test) => test !== setup)
    const work = async () => {
      for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
        const database = `regression_${test.replaceAll('.', '_')}`
        const maker = await ServerSession.open(server, 'postgres', {})
        await maker.ask(`create database ${database} template ${template}`)
        findings.push(...(await run(test, database)))
        await maker.send(`drop database ${database} with (force)`)
        await maker.close()
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    return findings
  } finally {
    await admin.close()
    await server.stop()
    await remove()
  }
}

function startServer(build: Build, folder: string): Promise<PostgresServer> {
  return startPostgres({
    dataFolder: join(folder, 'data'),
    password: randomBytes(16).toString('hex'),
    durable: false,
    binaries: { initdb: join(build.bin, 'initdb'), postgres: join(build.bin, 'postgres') },
    settings: {
      max_prepared_transactions: '2',
      dynamic_shared_memory_type: 'posix',
      statement_timeout: '30s',
      lock_timeout: '15s',
    },
  })
}

/** Where the scripts have the server write. */
async function outputFolder(folder: string): Promise<string> {
  const account = serverAccount()
  const output = join(folder, 'output')
  for (const each of [output, join(output, 'results'), join(output, 'testtablespace')]) {
    await mkdir(each, { recursive: true })
    if (account !== undefined) await chown(each, account.uid, account.gid)
  }
  return output
}
