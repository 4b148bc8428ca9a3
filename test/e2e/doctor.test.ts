import { DoctorReport, exitCodes } from '@hoop/contracts'
import { freePort } from '@hoop/postgres-server'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyDocuments, hoop, keepUntilEnd, type System, startSystem } from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let admin: string
beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 20 } }))
  admin = await system.home('root-admin')
})

async function doctor(name: string, home: string) {
  const { code, stdout, stderr } = await hoop(['doctor', name, '--json'], { home })
  expect(stderr).toBe('')
  const report = DoctorReport.parse(JSON.parse(stdout))
  const status = (check: string) => report.findings.find((finding) => finding.check === check)?.status
  return { code, report, status, stdout }
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new pg.Client(system.sample.server.url())
  await client.connect()
  await client.query(statement)
  await client.end()
}

test('an admin sees what is wrong and what to do, and warnings are no failure', async () => {
  const { code, stdout } = await hoop(['doctor', 'sample'], { home: admin })
  expect(code).toBe(exitCodes.ok)
  // docs/doctor.md shows these.
  expect(stdout).toContain(
    'ok         The server’s certificate is valid, names the server, and is signed by the authority that the connection names',
  )
  expect(stdout).toContain('shop: The gateway’s role owns the database, 4 tables and views: it may drop, alter and grant them.')
  expect(stdout).toContain('REASSIGN OWNED BY shop_app TO shop_app_owner;')
  expect(stdout).toMatch(/^sample: 0 problems, \d warnings\.$/m)
})

test('who may use it sees that it works, and neither addresses nor the role', async () => {
  const { code, report, status, stdout } = await doctor('sample', await system.home('devin'))
  expect({ code, available: report.available, complete: report.complete }).toEqual({ code: 0, available: true, complete: false })
  expect(status('reachability.connect')).toBe('ok')
  expect(status('gateway.masks')).toBe('ok')
  expect(stdout).not.toMatch(/shop_app|127\.0\.0\.1|role\.|ALTER|REVOKE/)
  expect(stdout).not.toContain(system.sample.password)
})

test('who may not is told no more than that', async () => {
  const home = await system.home('otto')
  const [there, absent] = await Promise.all(['sample', 'absent'].map((name) => hoop(['doctor', name], { home })))
  expect(there?.code).toBe(exitCodes.noAccess)
  expect(absent?.stderr).toBe(there?.stderr.replaceAll('sample', 'absent'))
})

test('a right that is given to the role is a problem until its statement is run', async () => {
  await asSuperuser('grant pg_execute_server_program to shop_app')
  const { code, report } = await doctor('sample', admin)
  expect(code).toBe(exitCodes.failed)
  const [problem, ...others] = report.findings.filter(({ status }) => status === 'problem')
  expect({ statements: problem?.statements, others }).toEqual({
    statements: ['REVOKE pg_execute_server_program FROM shop_app;'],
    others: [],
  })
  await asSuperuser(problem?.statements[0] ?? '')
  expect((await doctor('sample', admin)).code).toBe(exitCodes.ok)
})

test('a dead port, and a mask that is mistyped', async () => {
  await applyDocuments(
    admin,
    `kind: Connection
name: dead
protocol: postgres
address: localhost:${await freePort()}
databases: [shop]
login: { user: shop_app, password: secret-of-dead }
---
kind: Mask
name: mistyped
connections: { names: [sample] }
columns: [public.customers.emial]
`,
  )
  const dead = await doctor('dead', admin)
  expect(dead.code).toBe(exitCodes.connectionUnavailable)
  expect(dead.status('reachability.name')).toBe('ok')
  expect(dead.status('reachability.connect')).toBe('problem')
  expect(dead.status('role.superuser')).toBe('not-checked')
  expect(dead.status('gateway.access')).toBe('problem')
  expect(dead.stdout).not.toContain('secret-of-dead')
  const { report } = await doctor('sample', admin)
  expect(report.findings.find(({ check }) => check === 'databases.masked-columns')).toMatchObject({
    status: 'warning',
    details: ['Mask/mistyped: public.customers.emial; did you mean public.customers.email?'],
  })
})
