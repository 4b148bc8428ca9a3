import { lookup } from 'node:dns/promises'
import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net'
import type { DialAnswer, DialTarget } from '@hoop/contracts'
import type { AllowList } from './allow-list.ts'

/** Milliseconds for all addresses together: less than the gateway waits, so that it is told why. */
const dialTime = 8000

export type Dialled =
  | { readonly answer: 'connected'; readonly socket: Socket; readonly address: string | null }
  | { readonly answer: Exclude<DialAnswer, 'connected'> }

/** Looks a name up once, checks what it led to, and opens TCP to that; or a Unix socket. Rejects with the signal's reason only. */
export async function dialTarget(target: DialTarget, allowed: AllowList, signal: AbortSignal): Promise<Dialled> {
  const late = AbortSignal.timeout(dialTime)
  const until = AbortSignal.any([signal, late])
  try {
    if ('path' in target) {
      const refusal = allowed.refusalOfSocket(target.path)
      if (refusal !== null) return { answer: refusal }
      return { answer: 'connected', socket: await open({ path: target.path }, until), address: null }
    }
    return await dialHost(target, allowed, until)
  } catch (error) {
    signal.throwIfAborted()
    return { answer: late.aborted ? 'noAnswer' : answerFor(error) }
  }
}

async function dialHost(
  { host, port, address: wanted }: Extract<DialTarget, { host: string }>,
  allowed: AllowList,
  until: AbortSignal,
): Promise<Dialled> {
  // What a name leads to is nobody's business who may not dial it.
  if (isIP(host) === 0 && !allowed.mayLookUp(host, port)) return { answer: 'notListed' }
  const found = isIP(host) === 0 ? await lookUp(host, until) : [host]
  const addresses = wanted === undefined ? found : found.filter((address) => address === wanted)
  if (addresses.length === 0) return { answer: 'unknownName' }
  const refusals = addresses.map((address) => allowed.refusal(host, address, port))
  // One that may not be dialled taints the name: whoever answers for it is not to be believed.
  const never = refusals.find((refusal) => refusal === 'neverDialled')
  if (never !== undefined) return { answer: 'neverDialled' }
  const dialable = addresses.filter((_, at) => refusals[at] === null)
  let failure: unknown = null
  for (const [at, address] of dialable.entries()) {
    const share = AbortSignal.any([until, AbortSignal.timeout(Math.ceil(dialTime / (dialable.length - at)))])
    try {
      const options = { host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }
      return { answer: 'connected', socket: await open(options, share), address }
    } catch (error) {
      until.throwIfAborted()
      failure = error
    }
  }
  return { answer: failure === null ? 'notListed' : answerFor(failure) }
}

async function lookUp(host: string, until: AbortSignal): Promise<string[]> {
  const aborted = new Promise<never>((_, reject) => {
    until.addEventListener('abort', () => reject(until.reason), { once: true })
  })
  const looked = await Promise.race([lookup(host, { all: true }), aborted])
  return looked.map(({ address }) => address)
}

function open(options: NetConnectOpts, until: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    until.throwIfAborted()
    const socket = connect({ ...options, allowHalfOpen: true })
    // Stays when the socket is handed over: an error that falls between two owners must not end the process.
    socket.on('error', () => undefined)
    const fail = (error: unknown) => {
      until.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(until.reason)
    until.addEventListener('abort', onAbort, { once: true })
    socket.once('error', fail)
    socket.once('connect', () => {
      until.removeEventListener('abort', onAbort)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

function answerFor(error: unknown): Exclude<DialAnswer, 'connected'> {
  if (!(error instanceof Error)) return 'unreachable'
  if (error.name === 'TimeoutError') return 'noAnswer'
  switch ('code' in error ? error.code : null) {
    case 'ECONNREFUSED':
      return 'refused'
    case 'ETIMEDOUT':
      return 'noAnswer'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ENOENT':
      return 'unknownName'
    default:
      return 'unreachable'
  }
}
