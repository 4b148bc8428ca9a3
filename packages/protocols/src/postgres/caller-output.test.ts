import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { CallerOutput } from './caller-output.ts'

function output(client: PassThrough) {
  const leaving: ((recorded: boolean) => void)[] = []
  const failures: unknown[] = []
  const caller = new CallerOutput({
    client,
    backend: new PassThrough(),
    leave: (work) => leaving.push(work),
    onFailure: (error) => failures.push(error),
  })
  const turn = (recorded: boolean): void => {
    for (const work of leaving.splice(0)) work(recorded)
  }
  return { caller, failures, turn }
}

test('nothing leaves before the record has it', () => {
  const client = new PassThrough()
  const { caller, turn } = output(client)
  caller.say(Buffer.from('one '))
  caller.say(Buffer.from('two'))
  expect(client.read()).toBeNull()
  turn(true)
  expect(String(client.read())).toBe('one two')
})

test('what could not be recorded does not leave; our last words do', async () => {
  const client = new PassThrough()
  const { caller, turn } = output(client)
  caller.say(Buffer.from('a row'))
  caller.farewell(Buffer.from('the record is full'))
  const written = caller.written()
  turn(false)
  await written
  expect(String(client.read())).toBe('the record is full')
})

test('a caller that cannot be written to is a failure of its own connection', () => {
  const client = new PassThrough()
  client.write = () => {
    throw new Error('broken')
  }
  const { caller, failures, turn } = output(client)
  caller.say(Buffer.from('a row'))
  expect(() => turn(true)).not.toThrow()
  expect(failures).toEqual([new Error('broken')])
})
