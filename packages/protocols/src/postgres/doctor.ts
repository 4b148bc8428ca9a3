import { type ColumnRef, type DoctorFinding, finding, HoopError } from '@hoop/contracts'
import type { Examination, ExamineContext } from '../examination.ts'
import type { BackendHost, PostgresUpstream } from '../protocol.ts'
import { BackendRefused } from './backend.ts'
import type { Catalogue } from './catalogue.ts'
import { DoctorConnection } from './doctor-connection.ts'
import {
  createFindings,
  eventTriggerFindings,
  extensionFindings,
  foreignServerFindings,
  functionFindings,
  ownershipFindings,
} from './doctor-database.ts'
import { type Greeting, greet, TlsFailed } from './doctor-greeting.ts'
import { type Answer, answers, questions } from './doctor-questions.ts'
import { attributeFindings, membershipFindings, roleSettingFindings } from './doctor-role.ts'
import { clockFindings, methodFinding, serverFindings, settingFindings } from './doctor-server.ts'
import { tlsFindings } from './doctor-tls.ts'

type PostgresExamination = ExamineContext<PostgresUpstream>
type Columns = Map<string, readonly ColumnRef[]>

/** Looks at a PostgreSQL server as the gateway's role sees it: transport, login, rights of the role, each database that is offered. */
export async function examine(context: PostgresExamination): Promise<Examination> {
  const columns: Columns = new Map()
  const { databases } = context.upstream
  const [first = '', ...others] = databases
  for (const [at, host] of context.upstream.hosts.entries()) await examineGreeting(context, host, at, first)
  const began = performance.now()
  const connection = await open(context, first, 'login.works')
  if (connection === null) {
    for (const check of ['role.superuser', 'databases.catalogue'] as const) {
      context.report(finding(check, 'not-checked', 'Not checked, because the gateway could not log in.'))
    }
    return { available: false, columns }
  }
  try {
    const took = Math.round(performance.now() - began)
    context.report(
      finding('login.works', 'ok', `The gateway can log in, within ${took} ms.`, { details: [`host ${connection.host}`] }),
    )
    const role = await examineServer(context, connection)
    await examineDatabase(context, connection, { database: first, role, columns })
  } finally {
    connection.close()
  }
  for (const database of others) {
    const other = await open(context, database, 'databases.login')
    if (other === null) continue
    try {
      const [role = null] = (await attempt(context, 'role.superuser', database, () => answers(other, questions.role))) ?? []
      await examineDatabase(context, other, { database, role, columns })
    } finally {
      other.close()
    }
  }
  return { available: true, columns }
}

/** Each host by itself, whichever a session would come to; of several, each finding says which. */
async function examineGreeting(context: PostgresExamination, host: BackendHost, at: number, database: string): Promise<void> {
  const { upstream, dial, signal } = context
  const which = upstream.hosts.length === 1 ? '' : `Host ${at + 1} of ${upstream.hosts.length}: `
  const report = (found: DoctorFinding): void => context.report({ ...found, words: `${which}${found.words}` })
  let greeting: Greeting
  try {
    greeting = await greet({ dial, host, user: upstream.user, database, signal })
  } catch (error) {
    if (error instanceof TlsFailed) {
      report(
        finding('tls.verified', 'problem', 'TLS with the server failed before it showed a certificate.', {
          details: [error.message],
          advice: 'The server must speak TLS 1.2 or later.',
        }),
      )
    } else report(notChecked('tls.verified', null, error, signal))
    return
  }
  for (const each of tlsFindings(host, greeting, new Date())) report(each)
  if (upstream.certificate !== null && host.tls !== null) {
    report(finding('login.method', 'ok', 'The gateway shows the server a certificate of its own.'))
  } else if (greeting.method !== null) report(methodFinding(greeting.method, host.tls !== null))
}

async function open(
  { upstream, dial, signal, report }: PostgresExamination,
  database: string,
  check: 'login.works' | 'databases.login',
): Promise<DoctorConnection | null> {
  const details: string[] = []
  const warn = (words: string, cause?: unknown): void => {
    details.push(cause instanceof Error ? `${words} ${cause.message}` : words)
  }
  try {
    return await DoctorConnection.open({ upstream, dial, warn, database, signal })
  } catch (error) {
    const about = check === 'databases.login' ? { database } : {}
    if (signal.aborted || !(error instanceof Error)) {
      report(notChecked(check, about.database ?? null, error, signal))
      return null
    }
    // The words of the server, and those about several hosts, name the role and addresses.
    const said = error.cause instanceof Error ? [error.message, error.cause.message] : [error.message]
    const { words, advice } = understood(error)
    report(finding(check, 'problem', words, { ...about, details: [...new Set([...said, ...details])], advice }))
    return null
  }
}

function understood(error: Error): { words: string; advice: string | null } {
  if (error instanceof HoopError) return { words: 'The gateway cannot log in.', advice: error.hint }
  const advice = 'The server’s own words, and its log, say why.'
  if (!(error instanceof BackendRefused)) return { words: 'The server does not answer a login as it should.', advice }
  return { words: `The server refuses the login (${error.code}).`, advice: adviceFor[error.code] ?? advice }
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const adviceFor: Readonly<Record<string, string>> = {
  '3D000': 'There is no such database: correct databases in the Connection.',
  '42501': 'Let the role in: GRANT CONNECT ON DATABASE … TO …',
  '53300': 'All connections are in use: raise max_connections or the role’s limit, or put a pooler in front.',
  '57P03': 'The server is starting or stopping: try again.',
}

/** The server as a whole; the answer is the role that the gateway is there. */
async function examineServer(context: PostgresExamination, connection: DoctorConnection): Promise<Answer<'role'> | null> {
  const { report } = context
  await attempt(context, 'login.clock', null, async () => clockFindings(await readClock(connection)).forEach(report))
  const [server] = (await attempt(context, 'login.version', null, () => answers(connection, questions.server))) ?? []
  if (server !== undefined) for (const each of serverFindings(server)) report(each)
  const [role = null] = (await attempt(context, 'role.superuser', null, () => answers(connection, questions.role))) ?? []
  if (role === null) return null
  for (const each of attributeFindings(role, Math.floor((server?.version ?? 0) / 10_000))) report(each)
  await attempt(context, 'role.membership', null, async () =>
    membershipFindings(role, await answers(connection, questions.memberships)).forEach(report),
  )
  if (server !== undefined) for (const each of settingFindings(server, role)) report(each)
  return role
}

/** The shortest of three tells most of the network, and least of a busy server. */
async function readClock(connection: DoctorConnection): Promise<{ roundTrip: number; difference: number }> {
  let best = { roundTrip: Number.POSITIVE_INFINITY, difference: 0 }
  for (let time = 0; time < 3; time++) {
    const [sent, began] = [Date.now(), performance.now()]
    const [clock] = await answers(connection, questions.clock)
    const roundTrip = performance.now() - began
    if (roundTrip < best.roundTrip) best = { roundTrip, difference: (clock?.seconds ?? 0) - (sent + roundTrip / 2) / 1000 }
  }
  return best
}

async function examineDatabase(
  context: PostgresExamination,
  connection: DoctorConnection,
  { database, role, columns }: { database: string; role: Answer<'role'> | null; columns: Columns },
): Promise<void> {
  const { report } = context
  await attempt(context, 'role.settings', database, async () =>
    roleSettingFindings(await answers(connection, questions.settings), database).forEach(report),
  )
  if (role?.superuser === true) {
    const words = 'What it owns and may call was not checked, because a superuser may do everything.'
    report(finding('role.owner', 'not-checked', words, { database }))
  } else if (role !== null) await examineRights(context, connection, role, database)
  await attempt(context, 'role.event-triggers', database, async () =>
    eventTriggerFindings(await answers(connection, questions.eventTriggers), database).forEach(report),
  )
  const began = performance.now()
  const catalogue = await attempt(context, 'databases.catalogue', database, () => connection.catalogue())
  if (catalogue === null) return
  const relations = ownRelations(catalogue)
  const took = Math.round(performance.now() - began)
  columns.set(
    database,
    relations.flatMap((relation) => relation.columns.map(({ self }) => self)),
  )
  const words = `The gateway can log in and read its catalogue: ${relations.length} tables, views and sequences, within ${took} ms.`
  report(finding('databases.catalogue', 'ok', words, { database }))
}

async function examineRights(
  context: PostgresExamination,
  connection: DoctorConnection,
  role: Answer<'role'>,
  database: string,
): Promise<void> {
  const check = async (name: DoctorFinding['check'], work: () => Promise<DoctorFinding[]>): Promise<void> => {
    const found = await attempt(context, name, database, work)
    if (found !== null) for (const each of found) context.report(each)
  }
  await check('role.owner', async () => {
    const [owned] = await answers(connection, questions.owned)
    return owned === undefined ? [] : ownershipFindings(role, owned, database)
  })
  await check('role.create', async () => createFindings(await answers(connection, questions.creates), database))
  await check('role.extensions', async () => extensionFindings(await answers(connection, questions.extensions), database))
  await check('role.foreign-servers', async () =>
    foreignServerFindings(role, await answers(connection, questions.servers), database),
  )
  await check('role.security-definer', async () =>
    functionFindings(await answers(connection, questions.functions), await answers(connection, questions.languages), database),
  )
}

function ownRelations({ relationsByOid }: Catalogue) {
  return [...relationsByOid.values()].filter(({ schema }) => schema !== 'pg_catalog' && schema !== 'information_schema')
}

/** Null: it failed, and that was reported; the next is tried all the same. */
async function attempt<T>(
  { report, signal }: PostgresExamination,
  check: DoctorFinding['check'],
  database: string | null,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    report(notChecked(check, database, error, signal))
    return null
  }
}

function notChecked(check: DoctorFinding['check'], database: string | null, error: unknown, signal: AbortSignal): DoctorFinding {
  const why = signal.aborted
    ? 'the time for all checks was over'
    : error instanceof HoopError
      ? 'the server could not be reached'
      : 'the server did not answer as it should'
  const details = error instanceof Error ? [error.message] : []
  return finding(check, 'not-checked', `Not checked, because ${why}.`, { database, details })
}
