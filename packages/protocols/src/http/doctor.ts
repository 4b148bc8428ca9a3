import { finding, HoopError } from '@hoop/contracts'
import type { Examination, ExamineContext } from '../examination.ts'
import type { HttpUpstream } from '../protocol.ts'
import { UpstreamPool } from './upstream-pool.ts'

/** Looks whether a service answers, and whether it takes the gateway's credential. */
export function examine(context: ExamineContext<HttpUpstream>): Promise<Examination> {
  return examineAt(context, '/')
}

/** The same at a place that answers those who are known. */
export async function examineAt(context: ExamineContext<HttpUpstream>, path: string): Promise<Examination> {
  const { upstream, dial, signal, report } = context
  const pool = new UpstreamPool({ dial, signal, loggedIn: () => undefined }, upstream)
  try {
    const status = await statusOf(pool, path, signal)
    const refused = status === 401 || status === 407
    report(
      refused
        ? finding('login.works', 'problem', 'The service does not accept the credential of the gateway.', {
            details: [`GET ${path}: ${status}`],
            advice: 'Correct login of the Connection.',
          })
        : finding('login.works', 'ok', 'The service answers the gateway.', { details: [`GET ${path}: ${status}`] }),
    )
    return { available: !refused, columns: new Map() }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    report(
      finding('login.works', 'problem', 'The service does not answer the gateway.', {
        details: [error.message],
        advice: error instanceof HoopError ? error.hint : 'See whether it speaks HTTP/1.1 there.',
      }),
    )
    return { available: false, columns: new Map() }
  } finally {
    pool.close()
  }
}

async function statusOf(pool: UpstreamPool, target: string, signal: AbortSignal): Promise<number> {
  const sent = await pool.request({ method: 'GET', target, headers: [['accept', 'application/json']] })
  return await new Promise((resolve, reject) => {
    sent.once('error', reject)
    signal.addEventListener('abort', () => sent.destroy(), { once: true })
    if (signal.aborted) sent.destroy()
    sent.once('response', (answer) => {
      resolve(answer.statusCode ?? 0)
      answer.destroy()
    })
    sent.end()
  })
}
