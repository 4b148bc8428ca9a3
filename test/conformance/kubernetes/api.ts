import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'

/** Who asks, at which API server. */
export interface Caller {
  /** `127.0.0.1:PORT` */
  readonly address: string
  /** PEM. */
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

const contentTypes = { POST: 'application/json', PATCH: 'application/strategic-merge-patch+json' } as const

/**
 * Asks the API server for one thing.
 * @throws with the Status it gave where that is an error.
 */
export async function ask(
  caller: Caller,
  method: 'GET' | 'DELETE' | keyof typeof contentTypes,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { ca, certificate, key } = caller
  const agent = new Agent({ ca, cert: certificate, key })
  try {
    const sent = request(`https://${caller.address}${path}`, {
      agent,
      method,
      headers: {
        accept: 'application/json',
        ...(method in contentTypes && { 'content-type': Reflect.get(contentTypes, method) }),
      },
    })
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; words: string }>()
    sent.once('error', reject)
    sent.once('response', (answer) => {
      text(answer).then((words) => resolve({ status: answer.statusCode ?? 0, words }), reject)
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
    const { status, words } = await promise
    if (status >= 400) throw new Error(`${method} ${path} was answered with ${status}: ${words}`)
    return words.startsWith('{') ? JSON.parse(words) : words
  } finally {
    agent.destroy()
  }
}
