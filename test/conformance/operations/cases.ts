import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type PostgresServer, startPostgres } from '@hoop/postgres-server'
import { parse } from 'yaml'
import { z } from 'zod'
import { fixtureCatalogue } from '../../../packages/protocols/src/postgres/catalogue.fixture.ts'
import { temporaryFolder } from '../../support/index.ts'
import { definitionsOf } from './fixture-schema.ts'
import { Oracle } from './oracle.ts'
import type { Finding } from './script.ts'
import { ServerSession } from './server-session.ts'

const place = new URL('../../../packages/protocols/src/postgres/operations.yaml', import.meta.url)
const Cases = z.array(z.object({ sql: z.string(), effects: z.array(z.string()) }))
/** What reaches beyond the database is not run. */
const outside = ['file', 'network', 'replication']

/** Runs the cases of operations.yaml in a database with their schema; each is undone. */
export async function runCases(say: (line: string) => void): Promise<Finding[]> {
  const source = await readFile(place, 'utf8')
  const { path: folder, stop: remove } = await temporaryFolder('operations-cases')
  const server = await startPostgres({ dataFolder: folder, password: randomBytes(16).toString('hex'), durable: false })
  try {
    await makeSchema(server, say)
    const oracle = await Oracle.open(server, 'postgres', { options: '-c statement_timeout=10s' })
    const findings: Finding[] = []
    for (const { sql: text, effects } of Cases.parse(parse(source))) {
      if (effects.some((effect) => outside.includes(effect))) continue
      const line = source.slice(0, Math.max(source.indexOf(`- sql: ${text.slice(0, 40)}`), 0)).split('\n').length
      findings.push({ file: 'operations.yaml', line, text, verdict: await oracle.try(text) })
    }
    await oracle.close()
    return findings
  } finally {
    await server.stop()
    await remove()
  }
}

/** In rounds, for some definitions need others that stand behind them; those that no server takes are told. */
async function makeSchema(server: PostgresServer, say: (line: string) => void): Promise<void> {
  const session = await ServerSession.open(server, 'postgres', { options: '-c check_function_bodies=off' })
  let left = definitionsOf(fixtureCatalogue())
  for (let tried = 0; left.length > 0 && left.length !== tried; ) {
    tried = left.length
    const failed: string[] = []
    for (const definition of left) if ((await session.send(definition)).error !== null) failed.push(definition)
    left = failed
  }
  for (const definition of left) say(`the server does not take, of the catalogue of operations.yaml: ${definition}`)
  await session.close()
}
