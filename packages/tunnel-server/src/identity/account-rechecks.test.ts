import { pino } from 'pino'
import { expect, test } from 'vitest'
import { until } from '../testing/parts.ts'
import { AccountRechecks } from './account-rechecks.ts'

const log = pino({ level: 'silent' })

test('the provider is asked at each delay, whatever came of the one before, and what it said just now is good enough', async () => {
  const asked: [string, number][] = []
  const check = async (identity: string, notWithin: number) => {
    asked.push([identity, notWithin])
    throw new Error('the store does not answer')
  }
  const rechecks = new AccountRechecks({ delays: [10, 60], check, log })
  rechecks.begin('ada')
  await until(() => asked.length === 2)
  expect(asked).toEqual([
    ['ada', 5],
    ['ada', 30],
  ])
})

test('nobody is asked after the end', async () => {
  const asked: string[] = []
  const check = async (identity: string) => void asked.push(identity)
  const [ended, running] = [1, 2].map(() => new AccountRechecks({ delays: [10], check, log }))
  ended!.begin('ada')
  ended!.close()
  running!.begin('grace')
  await until(() => asked.length > 0)
  expect(asked).toEqual(['grace'])
})
