import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepUntilEnd } from '../../support/index.ts'
import { makeObjects } from './introspection/objects.ts'
import { type Answer, answers, type ToolStatement, toolStatements } from './introspection/statements.ts'
import { targetOf } from './parts.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'

const tools = ['pgadmin', 'dbeaver', 'datagrip', 'npgsql', 'rails', 'django', 'prisma', 'metabase', 'others']
const masked = 'zoo.keepers.mail'

const keep = keepUntilEnd(afterAll)
let system: ClientsSystem
let secrets: readonly string[]
const statements = new Map<string, ToolStatement[]>()
const direct = new Map<string, Answer[]>()

beforeAll(async () => {
  const mask = { kind: 'Mask', name: 'mails', connections: { labels: { masks: 'yes' } }, columns: [masked], method: 'partial' }
  system = await keep(startClientsSystem({ documents: [mask] }))
  await makeObjects(system)
  secrets = (await system.run('select mail from zoo.keepers')).rows.map(({ mail }) => String(mail))
  const client = new pg.Client(system.direct())
  await client.connect()
  for (const tool of tools) statements.set(tool, await toolStatements(tool, client))
  await client.end()
  for (const tool of tools) direct.set(tool, await answers(targetOf(system.direct()), statements.get(tool)!))
})

/** Each statement with what it answers directly and through a connection. */
async function compare(tool: string, connection: 'unruled' | 'unruled-masked') {
  const sent = statements.get(tool)!
  const answered = await answers(await system.connect(connection), sent)
  return sent.map((statement, i) => ({ statement, before: direct.get(tool)![i]!, through: answered[i]! }))
}
const columnsOf = (answer: Answer) => ('columns' in answer ? answer.columns : answer)
const tellsSecret = (answer: Answer) =>
  'rows' in answer && answer.rows.some((row) => secrets.some((secret) => row.includes(secret)))

describe.each(tools)('%s', (tool) => {
  test('answers directly', () => {
    expect(statements.get(tool)!.length).toBeGreaterThan(5)
    for (const [i, answer] of direct.get(tool)!.entries())
      expect(answer, statements.get(tool)![i]!.text).not.toHaveProperty('error')
  })

  test('answers the same where no Policy is', async () => {
    for (const { statement, before, through } of await compare(tool, 'unruled')) {
      if (statement.varies) expect(columnsOf(through), statement.text).toEqual(columnsOf(before))
      else expect(through, statement.text).toEqual(before)
    }
  })

  test('answers while a column is masked, and does not tell it', async () => {
    for (const { statement, before, through } of await compare(tool, 'unruled-masked')) {
      expect(columnsOf(through), statement.text).toEqual(columnsOf(before))
      expect(tellsSecret(through), statement.text).toBe(false)
      if (!statement.varies && !tellsSecret(before)) expect(through, statement.text).toEqual(before)
    }
  })
})

test('some of it would tell the masked column', () => {
  const told = tools.filter((tool) => direct.get(tool)!.some(tellsSecret))
  expect(told).toEqual(expect.arrayContaining(['pgadmin', 'dbeaver', 'datagrip', 'django']))
})
