import { writeFile } from 'node:fs/promises'
import type { DemoUserName } from '../identity-provider/users.ts'
import { cardNumbers } from '../sample/rows.ts'
import { Caller } from './caller.ts'
import { askDatabase } from './database.ts'
import { heldDelete, ticket, told } from './deciding.ts'
import { searchForCards } from './records.ts'
import { service } from './service.ts'
import type { Stage, TourOptions } from './stage.ts'

/** Takes the first tour with the real command line, checking at each stop what came back. What fails is counted on the screen. */
export async function tour(options: TourOptions): Promise<void> {
  const callers = new Map<DemoUserName, Caller>()
  const caller = (name: DemoUserName) => {
    const known = callers.get(name) ?? new Caller(name, options)
    callers.set(name, known)
    return known
  }
  const stops = [
    setUp,
    logIn,
    maskedSelect,
    maskedCopy,
    refusedDrop,
    heldDelete,
    ticket,
    told,
    service,
    cancelledQuery,
    record,
    trial,
  ]
  for (const stop of stops) {
    options.signal.throwIfAborted()
    await stop({ ...options, caller })
  }
}

async function setUp({ caller, screen, gateway, documents, agentName, letAgentIn }: Stage): Promise<void> {
  screen.heading('1. The administrator registers the database, says who may do what, and has it checked')
  const admin = caller('root-admin')
  await admin.logIn(gateway)
  const token = await admin.run('agents', 'token', agentName)
  screen.say('The gateway does not reach the database itself. An agent that runs beside it dials out, and opens what it may:')
  screen.command('the agent', `hoop agent --gateway ${gateway} --name ${agentName} --token-file TOKEN --allow ADDRESS`)
  const agent = await letAgentIn(token.stdout.trim())
  const { stdout: agents } = await admin.run('agents', 'ls')
  screen.check(
    `the agent is online, and may open ${agent.allow} only`,
    agents.split('\n').some((line) => line.includes(agent.id) && line.includes('online')),
  )
  const { code } = await admin.run('apply', '-f', documents)
  screen.check('the documents are in force', code === 0)
  const checked = await admin.run('doctor', 'sample', '--quiet')
  screen.check(
    'nothing is wrong with the connection; what could be better comes with its SQL',
    checked.code === 0 && /^sample: 0 problems/m.test(checked.stdout),
  )
}

async function logIn({ caller, screen, gateway }: Stage): Promise<void> {
  screen.heading('2. Devin, an AI coding agent, logs in')
  screen.say('A person would open the page and type a password. Here the demo fills in the provider’s forms.')
  const devin = caller('devin')
  await devin.logIn(gateway)
  const who = await devin.run('whoami')
  screen.check(
    'the gateway knows who this is, and that it is an AI agent',
    /devin/i.test(who.stdout) && who.stdout.includes('ai-agent'),
  )
  const list = await devin.run('ls')
  screen.check('devin may use the connection sample', /^\W*sample\b/m.test(list.stdout))
}

async function maskedSelect({ caller, screen, sample }: Stage): Promise<void> {
  screen.heading('3. A SELECT: the database answers, and what may not be seen is masked')
  const statement =
    'SELECT c.full_name, c.email, c.city, k.card_number FROM customers c JOIN cards k ON k.customer_id = c.id ORDER BY k.id LIMIT 4'
  const truth = await askDatabase(sample, statement)
  const { code, stdout } = await caller('devin').statement(statement)
  const answered = code === 0 && truth.length === 4 && truth.every(([name]) => stdout.includes(String(name)))
  screen.check('four customers came back', answered)
  screen.check('without their card numbers', answered && truth.every(([, , , card]) => !stdout.includes(String(card))))
  screen.check('without their e-mail addresses', answered && truth.every(([, email]) => !stdout.includes(String(email))))
}

async function maskedCopy({ caller, screen, sample }: Stage): Promise<void> {
  screen.heading('4. COPY is masked too')
  const query = 'SELECT k.card_number, c.full_name FROM cards k JOIN customers c ON c.id = k.customer_id ORDER BY k.id LIMIT 3'
  const truth = await askDatabase(sample, query)
  const { code, stdout } = await caller('devin').statement(`COPY (${query}) TO STDOUT`)
  const answered = code === 0 && truth.length === 3 && truth.every(([, name]) => stdout.includes(String(name)))
  screen.check('three lines came back', answered)
  screen.check('without their card numbers', answered && truth.every(([card]) => !stdout.includes(String(card))))
}

async function refusedDrop({ caller, screen, sample }: Stage): Promise<void> {
  screen.heading('5. A DROP TABLE: refused, with the rule and what to do instead')
  const { code, stderr } = await caller('devin').statement('DROP TABLE customers')
  screen.check('refused', code !== 0 && /ERROR/.test(stderr))
  screen.check(
    'it names the rule, the session and a way on',
    /nothing-is-dropped/.test(stderr) && /Session \S+/.test(stderr) && /HINT/.test(stderr),
  )
  const [row] = await askDatabase(sample, 'SELECT count(*)::int FROM customers')
  screen.check(`the table is still there, with ${row?.[0]} rows`, Number(row?.[0]) > 0)
}

async function cancelledQuery({ caller, screen, sample, signal }: Stage): Promise<void> {
  screen.heading('10. Ctrl-C reaches the database')
  const running = async () =>
    (await askDatabase(sample, "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(60)%'"))
      .length
  const sleeper = await caller('devin').startStatement('SELECT pg_sleep(60)')
  while (sleeper.running && (await running()) === 0) signal.throwIfAborted()
  const began = performance.now()
  screen.command('devin', '^C')
  sleeper.kill('SIGINT')
  const { stdout, stderr } = await sleeper.finish(20_000)
  const took = Math.round(performance.now() - began)
  screen.check('the server cancelled the statement', /cancel/i.test(`${stdout}${stderr}`))
  screen.check(`nothing runs on there, ${took} ms later`, (await running()) === 0)
}

async function record({ caller, screen, gateway, records }: Stage): Promise<void> {
  screen.heading('11. Otto, an auditor, reads the record')
  const otto = caller('otto')
  await otto.logIn(gateway)
  const { stdout } = await otto.run('sessions', 'ls', '--limit', '6')
  screen.check('devin’s sessions are there', /devin/i.test(stdout))
  const session = await sessionOf(otto, 'GDPR erasure request 118')
  const { stdout: shown } = await otto.run('sessions', 'show', session ?? 'unknown')
  screen.check(
    'the DELETE, who approved it and why are on the record',
    /DELETE FROM customers/.test(shown) && /grace/i.test(shown) && /genuine/.test(shown),
  )
  const found = await searchForCards(records, cardNumbers())
  screen.say(`The demo now searches all records (${found.files} files, ${found.bytes} bytes) for the sample's card numbers.`)
  screen.check('not one of them is on the record', found.files > 0 && found.bytes > 0 && found.cards.length === 0)
}

async function trial({ caller, screen, proposal }: Stage): Promise<void> {
  screen.heading('12. What would a rule do? Otto asks before anybody applies it')
  const otto = caller('otto')
  const explained = await otto.run(
    'policy',
    'explain',
    '--connection',
    'sample',
    '--as',
    'ai-agent:coding-agents',
    'DELETE FROM orders',
  )
  screen.check('a statement that nobody sends: it would be held, by this rule', /deletes-need-a-dba/.test(explained.stdout))
  screen.command('otto', `cat ${proposal}`)
  for (const line of proposedRule.trimEnd().split('\n')) screen.output(line)
  await writeFile(proposal, proposedRule)
  const { code, stdout } = await otto.run('policy', 'test', '-f', proposal, '--replay', '--since', '1h')
  screen.check('of what was recorded, the COPY would have been refused', code === 0 && /permitted → refused/.test(stdout))
}

const proposedRule = `kind: Policy
name: nothing-is-copied-out
when: operation.verbs.exists(v, v == 'COPY')
then: deny
message: Ask for the rows that you need.
`

/** The newest session with this reason. */
async function sessionOf(otto: Caller, reason: string): Promise<string | undefined> {
  const { stdout } = await otto.ask('sessions', 'ls', '--json')
  const sessions: unknown = JSON.parse(stdout)
  if (!Array.isArray(sessions)) return undefined
  return (sessions as { id: string; reason: string | null }[]).find((session) => session.reason === reason)?.id
}
