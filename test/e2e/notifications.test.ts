import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exitCodes } from '@hoop/contracts'
import { startHoop } from '@hoop/demo'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyDocuments, hoop, keepUntilEnd, type System, startSystem } from '../support/index.ts'

const signingSecret = '8f742231b10e8888abcd99yyyzzz85a5'
const keep = keepUntilEnd(afterAll)
let system: System
let web: Server
/** What the Web API of Slack was asked. */
const asked: { method: string; text: string; value: string | undefined }[] = []

beforeAll(async () => {
  web = createServer(async (request, response) => {
    const body = await text(request)
    const { channel, text: words } = JSON.parse(body) as { channel: string; text: string }
    asked.push({ method: request.url ?? '', text: words, value: /"value":"(ap_[\w-]+)"/.exec(body)?.[1] })
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: true, channel, ts: '1700000000.1' }))
  })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  system = await keep(startSystem({ sample: { customers: 10 }, env: { SLACK_TOKEN: 'xoxb-1', SLACK_SECRET: signingSecret } }))
  await applyDocuments(
    await system.home('root-admin'),
    `kind: Notifier
name: dba-channel
slack:
  botToken: { env: SLACK_TOKEN }
  signingSecret: { env: SLACK_SECRET }
  channel: C0123456789
  api: http://127.0.0.1:${(web.address() as AddressInfo).port}/api/
`,
  )
})
afterAll(() => web.close())

/** Presses the button in Slack, which tells the gateway so. */
async function press(value: string): Promise<number> {
  const payload = {
    type: 'block_actions',
    user: { id: 'U1', username: 'grace' },
    team: { id: 'T1' },
    trigger_id: 't',
    channel: { id: 'C0123456789' },
    actions: [{ action_id: 'hoop_approve', value }],
  }
  const body = new URLSearchParams({ payload: JSON.stringify(payload), at: String(performance.now()) }).toString()
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': signature,
  }
  return (await fetch(`${system.gateway.url}/v1/notify/slack/dba-channel`, { method: 'POST', headers, body })).status
}

async function found<T>(look: () => T | undefined): Promise<T> {
  return await expect
    .poll(look)
    .not.toBeUndefined()
    .then(() => look() as T)
}

test('a statement that is held is approved in Slack by a person who said in a terminal whose account that is', async () => {
  const running = await startHoop(['exec', 'sample', '-c', 'delete from orders where id = 12'], {
    home: await system.home('ada'),
  })
  try {
    const held = await found(() => asked.find(({ value }) => value !== undefined)?.value)
    expect(await press(held)).toBe(200)
    const code = await found(() => asked.map(({ text: said }) => /hoop notify link (\w+)/.exec(said)?.[1]).find(Boolean))
    const grace = await system.home('grace')
    const unasked = await hoop(['notify', 'link', code], { home: grace })
    expect([unasked.code, unasked.stderr]).toEqual([exitCodes.usage, expect.stringContaining('grace (U1 of T1')])
    expect(await hoop(['notify', 'link', code, '--yes'], { home: grace })).toMatchObject({ code: 0 })
    expect(await press(held)).toBe(200)
    expect((await running.finish()).code).toBe(0)
    await found(() => asked.find(({ method, text: said }) => method === '/api/chat.update' && said.startsWith('approved by ')))
    const { stderr } = await hoop(['notify', 'unlink'], { home: grace })
    expect(stderr).toContain('One account was unlinked')
  } finally {
    await running.stop()
  }
})
