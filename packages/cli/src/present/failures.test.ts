import { HoopError } from '@hoop/contracts/errors'
import { expect, it } from 'vitest'
import { describeFailure } from './failures.ts'

const plain = { json: false, debug: false }

it('says what happened and what to do, with the exit code of the error', () => {
  const error = new HoopError('no_access', 'you may not use shop\u001b[2J', { hint: 'ask an admin' })
  expect(describeFailure(error, plain)).toEqual({ text: 'hoop: you may not use shop\\u{1b}[2J\n      ask an admin', exit: 121 })
})

it('keeps the lines of a mistake and its caret', () => {
  const error = new HoopError('invalid_document', 'a.yaml:3:7: no\u001b\n  then: maybe\n        ^^^^^')
  expect(describeFailure(error, plain).text).toBe('hoop: a.yaml:3:7: no\\u{1b}\n        then: maybe\n              ^^^^^')
})

it('is one JSON object where JSON is asked for', () => {
  const { text, exit } = describeFailure(new HoopError('unavailable', 'away'), { json: true, debug: false })
  expect(JSON.parse(text)).toEqual({ error: { code: 'unavailable', message: 'away', hint: null, exit } })
  expect(exit).toBe(126)
})

it('does without the colours of the plugins of oclif', () => {
  const error = Object.assign(new Error('Run \u001b[36mhoop help\u001b[39m'), { oclif: { exit: 2 } })
  expect(describeFailure(error, plain)).toEqual({ text: 'hoop: Run hoop help', exit: 2 })
})

it('shows where an error comes from only when asked to', () => {
  const error = new Error('broken', { cause: new Error('below') })
  expect(describeFailure(error, plain).text).not.toContain('at ')
  expect(describeFailure(error, { json: false, debug: true }).text).toMatch(/at [\s\S]*caused by Error: below/)
})
