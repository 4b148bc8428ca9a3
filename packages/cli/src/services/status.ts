import type { GatewayConfig, WhoAmI } from '@hoop/contracts'
import { apiErrors, type ExitCode, exitCodes, HoopError } from '@hoop/contracts/errors'
import { readBounded } from '../gateway/lines.ts'
import { currentGateway } from '../state/config.ts'
import { listRunning } from '../state/running.ts'
import type { RunningConnect } from '../state/running-connect.ts'
import type { Surroundings } from '../surroundings.ts'
import type { Device } from './device.ts'

/** What is wrong, and what to do about it. */
export interface Problem {
  readonly words: string
  readonly hint: string | null
  readonly exit: ExitCode
}
export interface Status {
  /** Null: no login was ever made here, and none is named. */
  readonly gateway: { readonly address: string; readonly name: string | null; readonly version: string | null } | null
  readonly version: string
  /** This machine's clock less the gateway's, in ms, to within a second and the way there; null: not known. */
  readonly clockDifference: number | null
  readonly login: WhoAmI | null
  /** Where the login is kept, for people. */
  readonly keptIn: string | null
  readonly connects: readonly RunningConnect[]
  /** What I have asked for and somebody is to decide. */
  readonly held: readonly { approval: string; connection: string; text: string; expiresAt: string }[]
  readonly problems: readonly Problem[]
}

/** Certificates and tokens are judged by the clock: more than this is worth a word. */
const clockMargin = 5_000
const patience = 10_000

/** Looks at everything, and goes on where one thing fails: that is told as a problem. */
export async function lookAround(
  surroundings: Surroundings,
  openDevice: () => Promise<Device>,
  given: string | null,
  version: string,
): Promise<Status> {
  const problems: Problem[] = []
  const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      problems.push(problemOf(error))
      return null
    }
  }
  const connects = (await attempt(() => listRunning(surroundings.home))) ?? []
  const address = given ?? (await attempt(() => currentGateway(surroundings.home)))
  const nothing = { version, clockDifference: null, login: null, keptIn: null, connects, held: [] }
  const device = await attempt(openDevice)
  if (device === null || address === null) return { gateway: null, ...nothing, problems }
  const [contracts, { listInbox }, { wanted }] = await Promise.all([
    import('@hoop/contracts'),
    import('./inbox.ts'),
    import('../present/inbox.ts'),
  ])
  const there = await attempt(() => askConfig(device.gateway, contracts.GatewayConfig))
  const gateway = { address: device.gateway, name: there?.config.name ?? null, version: there?.config.version ?? null }
  const known = { ...nothing, gateway, keptIn: device.tokenPlace, clockDifference: there?.clockDifference ?? null }
  if (there === null) return { ...known, problems }
  if (Math.abs(there.clockDifference) > clockMargin) problems.push(clockProblem(there.clockDifference))
  const login = await attempt(() => device.client.get('/v1/whoami', contracts.WhoAmI))
  const waiting = login === null ? [] : ((await attempt(() => listInbox(device, 'held'))) ?? [])
  const held = waiting
    .filter(({ mine }) => mine === 'requested')
    .map((item) => ({ approval: item.id, connection: item.connection, text: wanted(item), expiresAt: item.expiresAt }))
  for (const connect of connects) problems.push(...tunnelProblems(connect))
  return { ...known, login, held, problems }
}

/** The most telling exit code: of the first problem. */
export function exitOf({ problems }: Status): ExitCode {
  return problems.find(({ exit }) => exit !== exitCodes.ok)?.exit ?? exitCodes.ok
}

/** The public configuration, and by its Date header (RFC 9110, 6.6.1) how far the clocks are apart. */
async function askConfig(
  gateway: string,
  schema: typeof GatewayConfig,
): Promise<{ config: GatewayConfig; clockDifference: number }> {
  const before = Date.now()
  const response = await fetch(new URL('/v1/config', gateway), {
    redirect: 'error',
    signal: AbortSignal.timeout(patience),
  }).catch(async (error: unknown) => {
    const { unreachable } = await import('../gateway/client.ts')
    throw unreachable(gateway, error)
  })
  const here = (before + Date.now()) / 2
  // the header has whole seconds, cut off
  const clock = Date.parse(response.headers.get('date') ?? '') + 500
  const config = schema.safeParse(parsed(await readBounded(response.body, 1024 * 1024)))
  if (!response.ok || !config.success) {
    throw new HoopError('unavailable', `what answers at ${gateway} is no gateway of this version of hoop`, {
      hint: 'is the address right, or is there a proxy in between?',
    })
  }
  return { config: config.data, clockDifference: Number.isNaN(clock) ? 0 : Math.round(here - clock) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof HoopError)) throw error
  return { words: error.message, hint: error.hint, exit: apiErrors[error.code].exit }
}

function clockProblem(difference: number): Problem {
  const seconds = Math.round(Math.abs(difference) / 1000)
  return {
    words: `the clock of this machine is ${seconds} s ${difference > 0 ? 'ahead of' : 'behind'} the gateway's`,
    hint: 'set it by the network (timedatectl set-ntp true): logins and certificates are judged by it',
    exit: exitCodes.ok,
  }
}

function tunnelProblems({ tunnel, endpoints }: RunningConnect): Problem[] {
  if (tunnel === 'up') return []
  const names = endpoints.map(({ connection }) => connection).join(', ')
  const words =
    tunnel === 'away'
      ? `the network is away for ${names}; statements wait for it`
      : `the tunnel of ${names} was lost and is opened again`
  return [{ words, hint: 'it comes back by itself once the gateway can be reached', exit: exitCodes.ok }]
}
