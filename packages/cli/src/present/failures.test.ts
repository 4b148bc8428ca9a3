import { mkdir } from 'node:fs/promises'
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

it.each([
  [
    'The following error occurred:\n  \u001b[2mMissing required flag file\u001b[22m\nSee more help with --help',
    'missing: --file',
  ],
  ['The following errors occurred:\n  Missing required flag a\n  Missing required flag b', 'missing: --a; missing: --b'],
  [
    'Parsing --limit \n\tExpected an integer but received: x\nSee more help with --help',
    '--limit: Expected an integer but received: x',
  ],
  ['command ls:extra not found', 'Unexpected argument: extra'],
])('says in one line what oclif says in several', (words, told) => {
  const error = Object.assign(new Error(words), { oclif: { exit: 2 } })
  expect(describeFailure(error, plain)).toEqual({ text: `hoop: ${told}\n      the same with --help says more`, exit: 2 })
})

it('says what the system did not do, and what helps', async () => {
  const folder = await mkdir('/dev/null/hoop').catch((error: unknown) => error)
  expect(describeFailure(folder, plain).text).toBe(
    'hoop: /dev/null/hoop cannot be made: not a directory\n      what hoop keeps lies in ~/.hoop; HOOP_HOME names another folder',
  )
})

it('shows where an error comes from only when asked to', () => {
  const error = new Error('broken', { cause: new Error('below') })
  expect(describeFailure(error, plain).text).not.toContain('at ')
  expect(describeFailure(error, { json: false, debug: true }).text).toMatch(/at [\s\S]*caused by Error: below/)
})
