import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Program } from '../programs/program.ts'
import type { Caller } from './caller.ts'
import { askDatabase } from './database.ts'
import type { Stage } from './stage.ts'

const customer = 7
const order = 11
const reason = 'complaint 77'
const program = relative(process.cwd(), fileURLToPath(new URL('../call.ts', import.meta.url)))

/** A service that speaks HTTP: the same masks, refusals and approvals. */
export async function service(stage: Stage): Promise<void> {
  const { caller, screen, sample } = stage
  screen.heading('9. The same for a service: the shop’s REST API')
  const [devin, ada] = [caller('devin'), caller('ada')]
  const [truth] = await askDatabase(
    sample,
    `SELECT c.full_name, c.email, k.card_number FROM customers c LEFT JOIN cards k ON k.customer_id = c.id WHERE c.id = ${customer}`,
  )
  const [name, ...hidden] = (truth ?? []).map(String)
  const seen = await (await start(devin, 'GET', `/v1/customers/${customer}`)).finish()
  const answered = seen.code === 0 && name !== undefined && seen.stdout.includes(name)
  screen.check('the answer came as JSON', answered)
  screen.check(
    'without the e-mail address and the card numbers',
    answered && !hidden.some((value) => seen.stdout.includes(value)),
  )

  const refused = await (await start(devin, 'DELETE', `/v1/customers/${customer}`)).finish()
  screen.check(
    'a DELETE is refused, in a form that programs read (RFC 9457), by a rule that it names',
    refused.code !== 0 && /application\/problem\+json/.test(refused.stdout) && /customers-stay/.test(refused.stdout),
  )
  screen.check(
    'the customer is still there',
    (await askDatabase(sample, `SELECT FROM customers WHERE id = ${customer}`)).length === 1,
  )

  const status = async () => (await askDatabase(sample, `SELECT status FROM orders WHERE id = ${order}`))[0]?.[0]
  const refund = await start(ada, 'POST', `/v1/orders/${order}/refund`, '{"amount":1200}', reason)
  const approval = await look(stage, refund)
  screen.check('nothing was sent while it waits', refund.running && (await status()) !== 'refunded')
  const approved = await caller('grace').run('approvals', 'approve', approval, '--reason', 'the goods came back')
  screen.check('she approves', approved.code === 0)
  const { code, stdout } = await refund.finish()
  screen.check(
    'the refund that was approved went through',
    code === 0 && /refunded/.test(stdout) && (await status()) === 'refunded',
  )
}

/** Gives the approval that it waits for. */
async function look({ caller, screen }: Stage, refund: Program): Promise<string> {
  const grace = caller('grace')
  const approval = await refund.find('stderr', (line) => /held for approval (ap_[\w-]+)/.exec(line)?.[1])
  screen.say('The request waits, as a slow answer would. Grace looks at it:')
  const shown = await grace.run('approvals', 'show', approval)
  screen.check(
    'she sees the request with its body',
    /POST \/v1\/orders\/11\/refund/.test(shown.stdout) && /1200/.test(shown.stdout),
  )
  return approval
}

function start(who: Caller, method: string, path: string, body?: string, why?: string): Promise<Program> {
  const given = why === undefined ? [] : ['--reason', why]
  return who.start('exec', 'shop-api', ...given, '--', 'node', program, method, path, ...(body === undefined ? [] : [body]))
}
