/**
 * Puts load on a service, a process of its own: does each task that its parent sends, one after the other, and answers what came of it.
 */

import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { bodyMegabytes, now } from './content.ts'

export interface LoadTask {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** `requests`: one after the other on each of the connections; else one, whose body counts. */
  readonly kind: 'requests' | 'down' | 'up' | 'watch'
  readonly connections: number
  readonly seconds: number
}

export interface LoadResult {
  readonly requests: number
  /** Milliseconds from the first request to the last byte of the last answer. */
  readonly took: number
  /** Bytes of the bodies of answers; they must be as many for every candidate. */
  readonly bytes: number
  /** Of requests: when each ended, in microseconds since 1970, sorted. */
  readonly ends: Float64Array
  /** Of requests how long each took, of a watch how long each event was on its way; microseconds, sorted. */
  readonly latencies: Float64Array
}

async function requests({ url, headers, connections, seconds }: LoadTask): Promise<LoadResult> {
  const ends: number[] = []
  const latencies: number[] = []
  let bytes = 0
  const began = now()
  const until = began + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (let at = now(); at < until; ) {
        bytes += await fetched(url, headers, agent)
        const end = now()
        ends.push(end * 1000)
        latencies.push((end - at) * 1000)
        at = end
      }
      agent.destroy()
    }),
  )
  return result({ began, requests: ends.length, bytes, ends, latencies })
}

/** Bytes of the answer's body. */
function fetched(url: string, headers: LoadTask['headers'], agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { agent, headers }, (answer) => {
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      answer.on('error', reject)
      answer.on('end', () => (answer.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url}: ${answer.statusCode}`))))
    })
    sent.on('error', reject).end()
  })
}

async function answered(url: string, options: Parameters<typeof httpRequest>[1], body: Buffer | null): Promise<IncomingMessage> {
  const sent = httpRequest(url, { agent: new Agent(), ...options })
  const answer = once(sent, 'response')
  if (body !== null) {
    // Who answers before the end takes no more.
    for (let i = 0; i < bodyMegabytes; i++) if (!sent.write(body)) await Promise.race([once(sent, 'drain'), answer])
  }
  sent.end()
  const [message] = await answer
  return message
}

async function down({ url, headers }: LoadTask): Promise<LoadResult> {
  const began = now()
  const answer = await answered(url, { headers }, null)
  let bytes = 0
  for await (const chunk of answer) bytes += chunk.length
  return result({ began, bytes, ok: answer.statusCode === 200 })
}

async function up({ url, headers }: LoadTask): Promise<LoadResult> {
  const body = Buffer.alloc(1_000_000, 'body of a request ')
  const length = String(bodyMegabytes * body.length)
  const began = now()
  const type = { 'content-type': 'application/octet-stream', 'content-length': length }
  const answer = await answered(url, { headers: { ...headers, ...type }, method: 'POST' }, body)
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${text}`)
  return result({ began, bytes: text.length, ok: JSON.parse(text).bytes === Number(length) })
}

/** Each line says when it was sent. */
async function watch({ url, headers }: LoadTask): Promise<LoadResult> {
  const began = now()
  const answer = await answered(url, { headers }, null)
  const latencies: number[] = []
  let bytes = 0
  let rest = ''
  for await (const chunk of answer.setEncoding('utf8')) {
    const at = now()
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    bytes += chunk.length
    for (const line of lines) latencies.push((at - Number(/"sent":([\d.]+)/.exec(line)?.[1])) * 1000)
  }
  return result({ began, bytes, latencies, ok: answer.statusCode === 200 && rest === '' })
}

function result(found: {
  began: number
  bytes: number
  requests?: number
  ends?: readonly number[]
  latencies?: readonly number[]
  ok?: boolean
}): LoadResult {
  const { began, bytes, requests = 1, ends = [], latencies = [], ok = true } = found
  if (!ok) throw new Error('the answer is not what was asked for')
  return {
    requests,
    bytes,
    took: now() - began,
    ends: Float64Array.from(ends).sort(),
    latencies: Float64Array.from(latencies).sort(),
  }
}

const tasks = { requests, down, up, watch }
process.on('disconnect', () => process.exit())
process.on('message', async (task: LoadTask) => {
  try {
    process.send?.(await tasks[task.kind](task))
  } catch (error) {
    process.send?.({ failure: error instanceof Error ? error.message : String(error) })
  }
})
process.send?.(0)
