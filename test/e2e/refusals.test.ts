import type { RefusalCode } from '@hoop/contracts'
import { startHoop } from '@hoop/demo'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  applyDocuments,
  type Connect,
  hoop,
  keepUntilEnd,
  requires,
  type System,
  signalStore,
  startConnect,
  startSystem,
} from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let connect: Connect

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 50 } }))
  connect = await keep(startConnect('sample', { home: await system.home('devin') }))
  await applyDocuments(
    await system.home('root-admin'),
    `kind: Policy
name: soon-over
when: operation.text.contains('soon over')
then: approve
approvers: { groups: [dba], timeout: 1s }
message: Nobody will be in time.
`,
  )
})
beforeEach((context) => requires(context, 'psql'))

/** psql at the connection, told to show every field of an error. */
function psql(statement: string) {
  const args = [connect.url, '--no-psqlrc', '--set=VERBOSITY=verbose', `--command=${statement}`]
  return execa('psql', args, { reject: false, timeout: 50_000 })
}

/** The full id of the approval that the statement waits for. */
async function held(marker: string): Promise<string> {
  const home = await system.home('grace')
  const find = async (): Promise<string | undefined> => {
    const { stdout } = await hoop(['approvals', 'ls', '--json'], { home })
    const held = JSON.parse(stdout) as { id: string; text: string }[]
    return held.find(({ text }) => text.includes(marker))?.id
  }
  await expect.poll(find).toBeDefined()
  return (await find()) ?? ''
}
const decide = async (...args: string[]) => hoop(['approvals', ...args], { home: await system.home('grace') })

interface Refused {
  readonly sqlState: string
  readonly rule: string
  readonly statement: string
  /** What happens while it is held. */
  readonly meanwhile?: (running: ReturnType<typeof psql>) => Promise<unknown>
}

/** `held` is what a ticket says: test/e2e/approvals.test.ts. `too_many_requests` takes fifty held at once: packages/tunnel-server/src/sessions/gate.test.ts. */
const refusals: Record<Exclude<RefusalCode, 'unavailable' | 'unreadable' | 'held' | 'too_many_requests'>, Refused> = {
  policy_denied: { sqlState: '42501', rule: 'Policy/nothing-is-dropped', statement: 'DROP TABLE orders' },
  unknown_effect: { sqlState: '42501', rule: 'hoop/unknown', statement: 'DO $$ BEGIN EXECUTE version(); END $$' },
  masked_flow: { sqlState: '42501', rule: 'hoop/masked-flow', statement: 'CREATE TABLE copied AS SELECT card_number FROM cards' },
  masked_filter: { sqlState: '42501', rule: 'hoop/masked-filter', statement: "SELECT id FROM cards WHERE card_number LIKE '4%'" },
  not_supported: { sqlState: '0A000', rule: 'hoop/not-supported', statement: "LOAD 'auto_explain'" },
  approval_denied: {
    sqlState: '42501',
    rule: 'Policy/deletes-need-a-dba',
    statement: 'DELETE FROM orders WHERE id = 1001',
    meanwhile: async () => decide('deny', await held('id = 1001'), '--reason', 'keep it'),
  },
  approval_timed_out: { sqlState: '42501', rule: 'Policy/soon-over', statement: "SELECT 'soon over'" },
  approval_void: {
    sqlState: '42501',
    rule: 'Policy/deletes-need-a-dba',
    statement: 'DELETE FROM orders WHERE id = 1002',
    meanwhile: async () => {
      const id = await held('id = 1002')
      await applyDocuments(
        await system.home('root-admin'),
        `kind: Policy\nname: closed-now\nwhen: operation.text.contains('1002')\nthen: deny\nmessage: Orders are closed now.\n`,
      )
      await decide('approve', id)
    },
  },
  withdrawn: {
    sqlState: '57014',
    rule: 'Policy/deletes-need-a-dba',
    statement: 'DELETE FROM orders WHERE id = 1003',
    meanwhile: async (running) => {
      await held('id = 1003')
      running.kill('SIGINT')
    },
  },
}

test.for(Object.entries(refusals))('%s reaches psql whole', async ([, { sqlState, rule, statement, meanwhile }]) => {
  const running = psql(statement)
  await meanwhile?.(running)
  const { stderr } = await running
  const error = stderr.slice(stderr.indexOf('ERROR:'))
  expect(error).toMatch(new RegExp(`^ERROR: {2}${sqlState}: .{10,}`))
  expect(error).toMatch(new RegExp(`\\nDETAIL: {2}Rule: ${rule}\\. .+Session ${connect.session}, operation op_\\w+\\.`))
  expect(error).toMatch(/\nHINT: {2}.{10,}/)
  // The id leads on from there.
  const shown = await hoop(['sessions', 'show', connect.session], { home: await system.home('devin') })
  expect(shown.stdout).toContain(rule)
})

test('unreadable reaches psql as the parser says it, with the place', async () => {
  const { stderr } = await psql('SELEC 1')
  expect(stderr).toMatch(/ERROR: {2}42601: syntax error at or near "SELEC"\nLINE 1: SELEC 1\n {8}\^/)
  const shown = await hoop(['sessions', 'show', connect.session], { home: await system.home('devin') })
  expect(shown.stdout).toContain('hoop/unreadable')
})

test('a rule whose condition fails refuses, and what stands before it is not committed', async () => {
  await applyDocuments(
    await system.home('root-admin'),
    `kind: Policy
name: broken
when: operation.text.contains('id = 1005') && operation.parameters[0].value == 'x'
then: deny
`,
  )
  const insert = "INSERT INTO order_items SELECT id, 4711, 'tea', 1, 1 FROM orders LIMIT 1"
  const args = [connect.url, '--no-psqlrc', '--set=VERBOSITY=verbose', '-tA']
  const { stdout, stderr } = await execa('psql', args, {
    input: `BEGIN;\n${insert};\nSELECT status FROM orders WHERE id = 1005;\nCOMMIT;\nSELECT count(*) FROM order_items WHERE line = 4711;\n`,
    reject: false,
    timeout: 50_000,
  })
  expect(stderr).toMatch(
    /ERROR: {2}42501: refused: the condition of Policy\/broken could not be evaluated\nDETAIL: {2}Rule: Policy\/broken\. /,
  )
  expect(stdout.trim().split('\n')).toEqual(['BEGIN', 'INSERT 0 1', 'ROLLBACK', '0'])
})

test.runIf(process.platform === 'linux')('unavailable reaches psql whole', async () => {
  await signalStore(system.gateway, 'SIGSTOP')
  try {
    const { stderr } = await psql('DELETE FROM orders WHERE id = 1004')
    expect(stderr).toMatch(
      /^ERROR: {2}58000: .+\nDETAIL: {2}Rule: hoop\/\w+\. .+Session ses_\w+, operation op_\w+\.\nHINT: {2}.+/,
    )
  } finally {
    await signalStore(system.gateway, 'SIGCONT')
  }
})

test('with no login hoop says so itself', async () => {
  const nobody = await startHoop(['exec', 'sample', '--', 'psql', '-c', 'SELECT 1'], {
    home: `${await system.home('devin')}/nobody`,
  })
  const { code, stderr } = await nobody.finish()
  expect({ code, stderr }).toEqual({ code: 120, stderr: expect.stringContaining('hoop login') })
})
