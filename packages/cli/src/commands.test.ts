import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from './command-files.ts'

const { commands } = await loadConfig(dirname(import.meta.dirname), '**/*.ts')
const named = commands.map((command) => [command.id.replaceAll(':', ' '), command] as const)

it('has a command for each file', () => {
  const files = readdirSync(join(import.meta.dirname, 'commands'), { recursive: true, encoding: 'utf8' })
  expect(commands).toHaveLength(files.filter((name) => name.endsWith('.ts')).length)
})

it.each(named)('hoop %s says what it does, in one sentence', (_, { summary }) => {
  expect(summary).toMatch(/^[A-Z].*\.$/)
})

it.each(named)('each flag of hoop %s says what it means, and has a twin in the environment', (_, { flags }) => {
  for (const flag of Object.values(flags)) {
    expect(flag.env, flag.name).toMatch(/^HOOP_[A-Z_]+$/)
    expect(flag.description, flag.name).toMatch(/\S/)
  }
})
