import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Connect, keepUntilEnd, python, requires, startConnect, startSystem } from '../support/index.ts'
import { makeScratch } from './scratch.ts'

const program = fileURLToPath(new URL('programs/psycopg_cases.py', import.meta.url))
const keep = keepUntilEnd(afterAll)
let connect: Connect

beforeAll(async () => {
  const system = await keep(startSystem({ sample: { customers: 50 } }))
  await makeScratch(system.sample)
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
})
beforeEach((context) => requires(context, 'python:psycopg'))

test.each(['simple', 'text', 'binary', 'prepared', 'pipeline', 'transactions', 'notices', 'copy', 'large', 'masked', 'errors'])(
  'psycopg: %s',
  async (name) => {
    const { exitCode, stderr } = await execa(python(), [program, name, connect.url], { reject: false, timeout: 50_000 })
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
  },
)
