import { askDatabase } from './database.ts'
import type { Stage } from './stage.ts'

/** Milliseconds that a webhook may take. */
const arrivalLimit = 15_000

const reason = 'GDPR erasure request 118'

export async function heldDelete({ caller, screen, sample, gateway }: Stage): Promise<void> {
  screen.heading('6. A DELETE: held until a DBA says yes')
  const [ada, grace] = [caller('ada'), caller('grace')]
  await ada.logIn(gateway)
  await grace.logIn(gateway)
  const isThere = async () => (await askDatabase(sample, 'SELECT FROM customers WHERE id = 4242')).length === 1
  screen.check('customer 4242 is there', await isThere())
  const deletion = await ada.startStatement('DELETE FROM customers WHERE id = 4242', reason)
  const approval = await deletion.find('stderr', (line) => /held for approval ([\w-]+)/.exec(line)?.[1])
  screen.say('The statement waits; the connection lives. Grace, a DBA, looks at it:')
  const shown = await grace.run('approvals', 'show', approval)
  screen.check(
    'she sees the statement and the reason',
    /DELETE FROM customers/.test(shown.stdout) && shown.stdout.includes(reason),
  )
  screen.check('nothing was deleted while it waits', deletion.running && (await isThere()))
  const approved = await grace.run('approvals', 'approve', approval, '--reason', 'request 118 is genuine')
  screen.check('she approves', approved.code === 0)
  const { code, stdout } = await deletion.finish()
  screen.check('the DELETE that was approved ran', code === 0 && /DELETE 1/.test(stdout) && !(await isThere()))
}

export async function ticket({ caller, screen, sample }: Stage): Promise<void> {
  screen.heading('7. The same by an AI agent: its tool does not wait, and gets a ticket')
  const [devin, grace] = [caller('devin'), caller('grace')]
  const isThere = async () => (await askDatabase(sample, 'SELECT FROM customers WHERE id = 4243')).length === 1
  const statement = 'DELETE FROM customers WHERE id = 4243'
  const first = await devin.statement(statement)
  const approval = /hoop approvals wait (ap_[\w-]+)/.exec(first.stderr)?.[1] ?? 'unknown'
  screen.check('it failed, and says by which command to wait', first.code !== 0 && approval !== 'unknown' && (await isThere()))
  const approved = await grace.run('approvals', 'approve', approval)
  screen.check('the question stayed open, and Grace approves', approved.code === 0)
  const again = await devin.statement(statement)
  screen.check('the same statement, sent again, passes once', again.code === 0 && !(await isThere()))
}

export async function told({ screen, inbox, signal }: Stage): Promise<void> {
  screen.heading('8. People are told outside of hoop, too: what a webhook was sent')
  const about = (type: string) => (message: { readonly body: string }) =>
    message.body.includes(`"type":"${type}"`) && message.body.includes(JSON.stringify(reason))
  const soon = AbortSignal.any([signal, AbortSignal.timeout(arrivalLimit)])
  const find = (type: string) => inbox.find(about(type), soon).catch(() => undefined)
  const [held, decided] = await Promise.all([find('operation.held'), find('operation.decided')])
  screen.say(`The Notifier in the documents names ${inbox.url}, where the demo itself listens:`)
  for (const message of [held, decided]) {
    if (message === undefined) continue
    for (const name of ['id', 'timestamp', 'signature'] as const) screen.output(`webhook-${name}: ${message[name]}`)
    screen.output(message.body)
  }
  const genuine = [held, decided].every((message) => message !== undefined && inbox.isGenuine(message))
  screen.check('both came, and only who knows the secret can have signed them', genuine)
  const forged = held !== undefined && inbox.isGenuine({ ...held, body: held.body.replace('customers', 'cards') })
  screen.check('with another word in it, the signature is wrong', !forged)
}
