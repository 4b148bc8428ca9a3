import { createHash } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { demoDocuments } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import pg from 'pg'
import { from, to } from 'pg-copy-streams'
import type { Connect } from './connect.ts'
import type { Stoppable } from './keep.ts'
import { type Network, startNetwork } from './network.ts'
import { type System, startSystem } from './system.ts'

/** A system whose callers reach the gateway over a network that can be taken away. */
export interface DistantSystem extends Stoppable {
  readonly system: System
  readonly network: Network
}

export async function startDistantSystem(env: Readonly<Record<string, string>> = {}): Promise<DistantSystem> {
  const port = await freePort()
  const network = await startNetwork({ port })
  try {
    const system = await startSystem({
      sample: { customers: 10 },
      // Masked, bytes would not be the same.
      documents: (sample) =>
        demoDocuments(sample)
          .split('---\n')
          .filter((document) => !document.includes('kind: Mask'))
          .join('---\n'),
      env: { HOOP_LISTEN: `127.0.0.1:${port}`, HOOP_PUBLIC_URL: `http://127.0.0.1:${network.port}`, ...env },
    })
    return {
      system,
      network,
      async stop() {
        network.mend()
        await system.stop()
        await network.stop()
      },
    }
  } catch (error) {
    await network.stop()
    throw error
  }
}

/** A running `hoop connect`. */
type Reached = Pick<Connect, 'url' | 'program'>

/** What takes a caller off the gateway for a while. */
export type CutOff = (world: { readonly network: Network; readonly connect: Reached }, milliseconds: number) => Promise<void>

export const cutOffs: Readonly<Record<string, CutOff>> = {
  'a network that resets every connection': async ({ network }, milliseconds) => {
    network.cut()
    await delay(milliseconds)
    network.mend()
  },
  'a network that hands on nothing': async ({ network }, milliseconds) => {
    network.freeze()
    await delay(milliseconds)
    network.mend()
  },
  'a laptop that sleeps': async ({ connect }, milliseconds) => {
    process.kill(connect.program.pid, 'SIGSTOP')
    await delay(milliseconds)
    process.kill(connect.program.pid, 'SIGCONT')
  },
}

const lineBytes = 1024

/** Line `n` of what is copied: `lineBytes` with its newline. */
function line(n: number): string {
  return `${String(n).padStart(lineBytes - 1, `${createHash('md5').update(String(n)).digest('hex')} `)}\n`
}

function linesUpTo(megabytes: number): number {
  return megabytes * 1024
}

export interface Held {
  /** Takes the caller away in the middle, and answers what is different afterwards: nothing. */
  proof(): Promise<{ readonly pid: boolean; readonly transaction: boolean; readonly down: string; readonly up: string }>
  readonly expected: { readonly pid: true; readonly transaction: true; readonly down: string; readonly up: string }
}

/**
 * A COPY of so many megabytes in each direction and an open transaction, each on a connection of its own, while the caller is taken away in the
 * middle of all three: digests of what came out, of what arrived in the database, and whether backend and transaction are the same.
 */
export function copyThrough(connect: Reached, megabytes: number, cutOff: () => Promise<void>): Held {
  const lines = linesUpTo(megabytes)
  const whole = createHash('md5')
  for (let n = 1; n <= lines; n++) whole.update(line(n))
  const digest = whole.digest('hex')
  return {
    expected: { pid: true, transaction: true, down: digest, up: digest },
    async proof() {
      const [open, reading, writing] = await Promise.all([connected(connect), connected(connect), connected(connect)])
      try {
        await writing.query('create temporary table arrived (n bigserial, value text)')
        await open.query('begin')
        const before = await whoAmI(open)
        let cutting: Promise<void> | null = null
        const away = () => {
          cutting ??= cutOff()
        }
        const [down] = await Promise.all([copyOut(reading, lines, away), copyIn(writing, lines, away)])
        await cutting
        const after = await whoAmI(open)
        await open.query('rollback')
        const { rows } = await writing.query("select md5(string_agg(value || e'\\n', '' order by n)) as digest from arrived")
        return { pid: after.pid === before.pid, transaction: after.txid === before.txid, down, up: rows[0].digest }
      } finally {
        await Promise.all([open, reading, writing].map((client) => client.end().catch(() => {})))
      }
    },
  }
}

async function connected({ url }: Reached): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function whoAmI(client: pg.Client): Promise<{ pid: number; txid: string }> {
  const { rows } = await client.query('select pg_backend_pid() as pid, txid_current()::text as txid')
  return rows[0]
}

/** The digest of what came; `away` is called when a third of it has. */
async function copyOut(client: pg.Client, lines: number, away: () => void): Promise<string> {
  const text = `copy (select lpad(n::text, ${lineBytes - 1}, md5(n::text) || ' ') from generate_series(1, ${lines}) n) to stdout`
  const digest = createHash('md5')
  let length = 0
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      digest.update(chunk)
      length += chunk.length
      if (length * 3 > lines * lineBytes) away()
      done()
    },
  })
  await pipeline(client.query(to(text)), sink)
  return digest.digest('hex')
}

async function copyIn(client: pg.Client, lines: number, away: () => void): Promise<void> {
  function* source() {
    for (let n = 1; n <= lines; n += 64) {
      let chunk = ''
      for (let next = n; next < n + 64 && next <= lines; next++) chunk += line(next)
      if (n * 3 > lines) away()
      yield Buffer.from(chunk)
    }
  }
  await pipeline(Readable.from(source()), client.query(from('copy arrived (value) from stdin')))
}
