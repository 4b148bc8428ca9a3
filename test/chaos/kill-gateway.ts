import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { demoDocuments, samplePasswordVariable, searchForCards } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import pg from 'pg'
import {
  applyDocuments,
  type GatewayProcess,
  hoop,
  loginAs,
  type Sample,
  type Stoppable,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
  startSamplePostgres,
  temporaryFolder,
} from '../support/index.ts'
import { reconcile, wasPermitted } from '../support/reconcile.ts'
import { digestKeyOf, flawsOf, operationsOf, type RecordedOperation, readEvents, sessionsIn } from '../support/recorded.ts'
import { ServerLog } from '../support/server-log.ts'
import { Load, type Strike } from './load.ts'
import { drawMoments, histogram } from './moments.ts'
import { Random } from './random.ts'
import { cardNumber, notesTable, type Work, works } from './works.ts'

// Kills the gateway at any moment of a statement's life, again and again, and asks each time: is everything that reached the database
// on the record? Run by `npm run chaos`; `--seed N` repeats a run, `--rounds N` makes it shorter or longer.

const connections = 6

interface Stage {
  readonly sample: Sample
  readonly log: ServerLog
  readonly dataFolder: string
  readonly records: string
  /** Of the one whose statements these are. */
  readonly home: string
  start(): Promise<GatewayProcess>
}

interface RoundResult extends Strike {
  readonly statements: number
  readonly refused: number
  readonly masked: number
  readonly unanswered: number
  readonly flaws: readonly string[]
}

/** Puts the sample under load, kills the gateway, starts another on its data folder, and compares. */
async function playRound(stage: Stage, gateway: GatewayProcess, round: number, work: Work, fraction: number, random: Random) {
  const before = new Set(await sessionsIn(stage.records))
  const store = await storeProcess(stage)
  const connect = await startConnect('sample', { home: stage.home, args: ['--reason', `round ${round}`] })
  const load = new Load(connect.url, round)
  await load.start(connections, random)
  const strike = await load.strikeDuring(work, fraction, () => gateway.kill('SIGKILL'))
  await gateway.exited
  await Promise.all([load.end(), connect.stop()])
  const [next] = await Promise.all([stage.start(), stage.log.quiet()])
  const flaws =
    (await storeProcess(stage)) === store || (await isAlive(store)) ? [`the store of the killed gateway runs on: ${store}`] : []
  const operations: RecordedOperation[] = []
  for (const session of (await sessionsIn(stage.records)).filter((name) => !before.has(name))) {
    const record = join(stage.records, session)
    flaws.push(...(await flawsOf(record, true)))
    operations.push(...operationsOf(session, await readEvents(record)))
  }
  const arrived = await stage.log.arrivals()
  const { unrecorded, unrecordedRefusals, untrue } = reconcile(arrived, operations, await digestKeyOf(stage.dataFolder))
  flaws.push(
    ...unrecorded.map(
      ({ text, parameters }) => `not on the record: ${text.slice(0, 200)} ${JSON.stringify(parameters).slice(0, 200)}`,
    ),
    ...unrecordedRefusals.map((id) => `refused, and not on the record: ${id}`),
    ...untrue.map(({ operation }) => `on the record with another text: ${operation.id} ${operation.text.slice(0, 200)}`),
    ...answeredWithoutOutcome(operations, load.acknowledged),
  )
  const result: RoundResult = {
    ...strike,
    statements: arrived.statements.length,
    refused: arrived.refused.length,
    masked: operations.filter(isMasked).length,
    unanswered: operations.filter((each) => each.operation.by === 'caller' && wasPermitted(each) && each.outcome === null).length,
    flaws,
  }
  return { result, next }
}

/** What a caller saw the end of must have its end on the record too. */
function answeredWithoutOutcome(operations: readonly RecordedOperation[], acknowledged: ReadonlySet<string>): string[] {
  return operations
    .filter((each) => wasPermitted(each) && each.outcome === null && acknowledged.has(markOf(each) ?? ''))
    .map(({ operation }) => `answered, and without an outcome on the record: ${operation.id} ${operation.text.slice(0, 200)}`)
}

function markOf({ operation }: RecordedOperation): string | undefined {
  return /mark_\d+_\w+?_\d+_/.exec([operation.text, ...operation.parameters.map(({ value }) => value)].join(' '))?.[0]
}

function isMasked({ operation }: RecordedOperation): boolean {
  return operation.text.includes('**** **** **** 1111') || operation.parameters.some(({ digest }) => digest !== null)
}

async function storeProcess({ dataFolder }: Stage): Promise<number> {
  return Number((await readFile(join(dataFolder, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n', 1)[0])
}

async function isAlive(pid: number): Promise<boolean> {
  // proc(5): where nobody asks how an orphan ended, its number stays, in state Z.
  if (process.platform === 'linux')
    return /^State:\s+[^ZX\s]/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** What must be so when the last gateway has stopped. */
async function leftBehind(stage: Stage, store: number): Promise<string[]> {
  const { cards } = await searchForCards(stage.records, new Set([cardNumber]))
  const files = ['gateway.lock', join('postgres', 'owner.json')].map((name) => join(stage.dataFolder, name))
  const left = await Promise.all(
    files.map((file) =>
      stat(file).then(
        () => [`${file} is left`],
        () => [],
      ),
    ),
  )
  return [
    ...((await isAlive(store)) ? [`the store runs on as process ${store}`] : []),
    ...left.flat(),
    ...cards.map(({ file }) => `${file} has a card number`),
  ]
}

/** Every session of a gateway that was killed is closed in the index too. */
async function openSessions(home: string): Promise<string[]> {
  const { stdout, stderr } = await hoop(['sessions', 'ls', '--json', '--limit', '500'], { home })
  const sessions = JSON.parse(stdout || '[]') as { id: string; state: string }[]
  if (sessions.length === 0) return [`the index has no sessions ${stderr}`]
  return sessions.filter(({ state }) => state !== 'closed').map(({ id }) => `${id} is still open in the index`)
}

async function play(rounds: number, seed: number, keep: <T extends Stoppable>(starting: Promise<T>) => Promise<T>) {
  const provider = await keep(startIdentityProvider())
  const sample = await keep(startSamplePostgres({ statementLog: true }))
  const { path: dataFolder } = await keep(temporaryFolder('chaos'))
  const owner = new pg.Client({ ...sample, ssl: { ca: sample.ca } })
  await owner.connect()
  await owner.query(notesTable)
  await owner.end()
  const port = await freePort()
  // Nobody waits for a gateway to come back: each round's callers end with it.
  const env = { [samplePasswordVariable]: sample.password, HOOP_LOG: 'warn', HOOP_RESUME_SECONDS: '1' }
  let gateway = await startGatewayProcess({ provider, dataFolder, port, env })
  await keep(Promise.resolve({ stop: () => gateway.stop() }))
  const homeOf = async (name: string) => (await keep(loginAs(name, { gateway: gateway.url }))).home
  await applyDocuments(await homeOf('root-admin'), demoDocuments(sample))
  const log = await ServerLog.open(sample)
  await keep(Promise.resolve({ stop: () => log.close() }))
  const stage: Stage = {
    sample,
    log,
    dataFolder,
    records: join(dataFolder, 'records'),
    home: await homeOf('ada'),
    start: () => startGatewayProcess({ provider, dataFolder, port, env }),
  }
  const auditor = await homeOf('otto')
  const random = new Random(seed)
  const fractions = drawMoments(rounds, random)
  const order = fractions.map((_, index) => works[index % works.length] as Work)
  const results: RoundResult[] = []
  for (const [index, work] of random.shuffled(order).entries()) {
    const { result, next } = await playRound(stage, gateway, index + 1, work, fractions[index] ?? 0, random)
    gateway = next
    results.push(result)
    report(index + 1, result)
  }
  const store = await storeProcess(stage)
  const open = await openSessions(auditor)
  await gateway.stop()
  return { results, flaws: [...open, ...(await leftBehind(stage, store))] }
}

function report(round: number, { work, moment, statements, refused, masked, unanswered, flaws }: RoundResult): void {
  const counts = `${statements} statements and ${refused} refused at the server, ${masked} masked on the record, ${unanswered} cut off`
  say(
    `${String(round).padStart(3)}  ${work.padEnd(13)} at ${moment.toFixed(2)}  ${counts}  ${flaws.length === 0 ? 'whole' : 'NOT WHOLE'}`,
  )
  for (const flaw of flaws) say(`     ${flaw}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '30' }, seed: { type: 'string' } } })
const rounds = Number(values.rounds)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed))
  throw new Error('--rounds N --seed N: whole numbers')
say(`kills of the gateway: ${rounds}, seed ${seed}`)

const parts = new AsyncDisposableStack()
try {
  const { results, flaws } = await play(rounds, seed, async (starting) => {
    const started = await starting
    parts.defer(async () => {
      await started.stop()
    })
    return started
  })
  for (const flaw of flaws) say(`     ${flaw}`)
  say("moments of the kills, from a statement's first byte (0) to its usual end (1):")
  say(histogram(results.map(({ moment }) => moment)))
  const broken = results.filter((result) => result.flaws.length > 0).length
  const sum = (of: (result: RoundResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const counts = `${sum((one) => one.statements)} statements and ${sum((one) => one.refused)} refused at the server`
  const whole = broken === 0 && flaws.length === 0
  say(
    `${whole ? 'The record is whole' : `NOT WHOLE after ${broken} kills`}: ${results.length} kills, ${counts}, ${sum((one) => one.unanswered)} under way.`,
  )
  process.exitCode = whole ? 0 : 1
} finally {
  await parts.disposeAsync()
}
