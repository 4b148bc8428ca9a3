import { demoDocuments } from '@hoop/demo'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepUntilEnd, requires, type System, startConnect, startJoinedAgent, startSystem } from '../../support/index.ts'

const keep = keepUntilEnd(afterAll)
const rows = 300 * 1024
let system: System

beforeAll(async () => {
  system = await keep(
    startSystem({ sample: { customers: 10 }, documents: (sample) => demoDocuments({ ...sample, agent: 'private' }) }),
  )
  const { host, port } = system.sample
  const admin = await system.home('root-admin')
  await keep(startJoinedAgent({ gateway: system.gateway.url, name: 'private', allow: `${host}:${port}`, admin }))
})

test('300 MB are copied out and in through an agent', async (context) => {
  requires(context, 'psql')
  const connect = await startConnect('sample', { home: await system.home('grace') })
  try {
    const psql = (...statements: string[]) =>
      execa('psql', [connect.url, '-X', '-q', '-v', 'ON_ERROR_STOP=1', ...statements.flatMap((text) => ['-c', text])], {
        buffer: false,
      })
    const table = 'create table if not exists copied (line text)'
    await psql(table)
    const out = psql(`copy (select repeat('x', 1023) from generate_series(1, ${rows})) to stdout`)
    const into = psql('copy copied from stdin')
    let bytes = 0
    out.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    out.stdout.pipe(into.stdin)
    await Promise.all([out, into])
    expect(bytes).toBe(rows * 1024)
    const { stdout } = await execa('psql', [connect.url, '-X', '-At', '-c', 'select count(*), sum(length(line)) from copied'])
    expect(stdout).toBe(`${rows}|${rows * 1023}`)
  } finally {
    await connect.stop()
  }
})
