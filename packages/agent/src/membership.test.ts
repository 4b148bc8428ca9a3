import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agentPaths } from '@hoop/contracts'
import { expect, onTestFinished, test, vi } from 'vitest'
import { AgentKey } from './key.ts'
import { Membership } from './membership.ts'

interface Answer {
  readonly status: number
  readonly body: object
}
const good: Answer = { status: 200, body: { id: 'agt_1', name: 'a', credential: 'one', expires_in: 60 } }
const refusal = (status: number, code: string): Answer => ({
  status,
  body: { code, message: `It is ${code}.`, hint: 'Look there.', id: null },
})

/** A gateway whose answers to renewals these are, in this order; and what the membership says of them. */
async function membership(...answers: Answer[]) {
  const server = createServer((request, response) => {
    const { status, body } = (request.url === agentPaths.credential && answers.shift()) || refusal(500, 'internal')
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const folder = await mkdtemp(join(tmpdir(), 'hoop-agent-'))
  onTestFinished(async () => {
    vi.restoreAllMocks()
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true, force: true })
  })
  const gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const said: string[] = []
  const made = new Membership({
    gateway,
    name: 'a',
    key: await AgentKey.of(folder),
    token: null,
    version: '1',
    host: 'h',
    onJoined: () => undefined,
    onNotRenewed: (words) => said.push(words),
  })
  expect(await made.credential()).toBe('one')
  // Half of its minute has gone.
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 31_000)
  return { made, said }
}

test('a renewal that fails for now is told, with what will happen when, and the credential serves on', async () => {
  const { made, said } = await membership(good, refusal(503, 'unavailable'), good)
  const began = Date.now()
  expect(await made.credential()).toBe('one')
  expect(said).toEqual([
    expect.stringMatching(
      /^The credential was not renewed: It is unavailable\. Look there\. It is tried again; .* ends the tunnel at /,
    ),
  ])
  const until = Date.parse(/at (\S+Z),/.exec(said[0] ?? '')?.[1] ?? '')
  expect(until - began).toBeGreaterThan(0)
  expect(until - began).toBeLessThan(30_000)
  expect(await made.credential()).toBe('one')
  expect(said).toHaveLength(1)
})

test('one that is refused is told, too', async () => {
  const { made, said } = await membership(good, refusal(403, 'no_access'))
  await expect(made.credential()).rejects.toMatchObject({ code: 'no_access' })
  expect(said).toEqual([expect.stringContaining('It is no_access. Look there.')])
})
