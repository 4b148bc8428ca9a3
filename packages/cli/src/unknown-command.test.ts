import { join } from 'node:path'
import { expect, it } from 'vitest'
import { unknownCommand } from './unknown-command.ts'

const commands = join(import.meta.dirname, 'commands')

it.each([
  ['sesions ls', 'there is no command "sesions"', 'did you mean hoop sessions ls? hoop help lists the commands'],
  ['sesions', 'there is no command "sesions"', 'did you mean hoop sessions? hoop help lists the commands'],
  ['conect sample', 'there is no command "conect"', 'did you mean hoop connect? hoop help lists the commands'],
  [
    'sessions lss',
    'there is no command "sessions lss"',
    'did you mean hoop sessions ls? hoop help sessions lists those of sessions',
  ],
  ['sessions fly', 'there is no command "sessions fly"', 'hoop help sessions lists those of sessions'],
  ['frobnicate', 'there is no command "frobnicate"', 'hoop help lists the commands'],
  ['frobnicate --json', 'there is no command "frobnicate"', 'hoop help lists the commands'],
  ['--json ls', '--json stands before the command', /^the command comes first/],
])('%s', (line, message, hint) => {
  expect(unknownCommand(line.split(' '), commands)).toMatchObject({
    code: 'invalid_request',
    message,
    hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
  })
})
