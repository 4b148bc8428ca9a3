import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Config } from '@oclif/core/config'
import type { PJSON } from '@oclif/core/interfaces'

/** What one command line needs of oclif. */
export interface Needed {
  readonly argv: readonly string[]
  /** Files below commands/; null: it names no command. */
  readonly files: string | null
}

const word = /^[a-z][a-z-]*$/

/**
 * The command that a command line names, as a file. Left to itself, oclif loads every command before it runs one. `help` before a command is the
 * same as `--help` after it.
 */
export function neededFor(given: readonly string[], commands: string): Needed {
  const argv = given[0] === 'help' ? [...given.slice(1), '--help'] : given
  const [first = '--help', second = ''] = argv
  if (first === '--help' || first === '-h') return { argv: ['--help'], files: '**/*.ts' }
  if (!word.test(first)) return { argv, files: null }
  const inTopic = existsSync(join(commands, first))
  if (inTopic && word.test(second)) {
    const file = `${first}/${second}.ts`
    return existsSync(join(commands, file)) ? { argv, files: file } : { argv, files: null }
  }
  if (inTopic) return { argv, files: `{${first}.ts,${first}/*.ts}` }
  return { argv, files: existsSync(join(commands, `${first}.ts`)) ? `${first}.ts` : null }
}

/** oclif's configuration with the commands of `files`. */
export function loadConfig(root: string, files: string): Promise<Config> {
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PJSON
  const commands = { strategy: 'pattern' as const, target: './src/commands', globPatterns: [files] }
  return Config.load({ root, pjson: { ...pjson, oclif: { ...pjson.oclif, commands } } })
}
