import { join } from 'node:path'
import { expect, it } from 'vitest'
import { neededFor } from './command-files.ts'

const commands = join(import.meta.dirname, 'commands')

it.each([
  ['connect sample --json', 'connect sample --json', 'connect.ts'],
  ['sessions show ses_1', 'sessions show ses_1', 'sessions/show.ts'],
  ['sessions', 'sessions', '{sessions.ts,sessions/*.ts}'],
  ['sessions --help', 'sessions --help', '{sessions.ts,sessions/*.ts}'],
  ['help', '--help', '**/*.ts'],
  ['', '--help', '**/*.ts'],
  ['help sessions show', 'sessions show --help', 'sessions/show.ts'],
  ['help exit-codes', 'exit-codes --help', 'exit-codes.ts'],
  ['sessions shw', 'sessions shw', null],
  ['conect sample', 'conect sample', null],
  ['../main', '../main', null],
  ['--json ls', '--json ls', null],
  ['help conect', 'conect --help', null],
  ['help ls --json', 'ls --json --help', 'ls.ts'],
])('%s', (line, argv, files) => {
  expect(neededFor(line.split(' ').filter(Boolean), commands)).toEqual({ argv: argv.split(' '), files })
})
