import { dirname, join } from 'node:path'
import { flush } from '@oclif/core/flush'
import { run } from '@oclif/core/run'
import { settings } from '@oclif/core/settings'
import { loadConfig, neededFor } from './command-files.ts'
import { readSurroundings } from './surroundings.ts'

/** Runs one command line. Sets the exit code; prints errors on stderr as words and a hint, never as a stack trace. */
export async function main(argv: string[]): Promise<void> {
  // sources run as they are: oclif must not look for a compiler
  settings.enableAutoTranspile = false
  let failing: Promise<never> | null = null
  // an output that is full fails more than once
  const fail = (error: unknown) => {
    failing ??= end(error)
    return failing
  }
  process.on('unhandledRejection', fail)
  process.on('uncaughtException', fail)
  // a reader that has seen enough, as in `hoop sessions ls | head -1`
  process.stdout.on('error', (error: NodeJS.ErrnoException) => void (error.code === 'EPIPE' ? process.exit(0) : fail(error)))
  // there is nobody left to tell; what was asked for is done nevertheless
  process.stderr.on('error', () => {})
  try {
    const commands = join(import.meta.dirname, 'commands')
    const needed = neededFor(argv, commands)
    if (needed.files === null) throw (await import('./unknown-command.ts')).unknownCommand(needed.argv, commands)
    const config = await loadConfig(dirname(import.meta.dirname), needed.files)
    await run([...needed.argv], config)
    await flush()
  } catch (error) {
    await fail(error)
  }
  process.exit()
}

/** Tells the error, and ends the process with its code. */
async function end(error: unknown): Promise<never> {
  const { Interrupted } = await import('./signals.ts')
  if (error instanceof Interrupted) process.exit(error.exit)
  if (isExit(error)) process.exit(error.oclif.exit)
  const { describeFailure } = await import('./present/failures.ts')
  const { text, exit } = describeFailure(error, { json: wantsJson(), debug: readSurroundings(process.env).debug })
  process.stderr.write(`${text}\n`, () => process.exit(exit))
  return new Promise(() => {})
}

/** `this.exit(code)` of an oclif command. */
function isExit(error: unknown): error is Error & { oclif: { exit: number } } {
  return error instanceof Error && 'code' in error && error.code === 'EEXIT' && 'oclif' in error
}

/** Before or without parsing: an error may be one of parsing. */
function wantsJson(): boolean {
  const [own] = splitAt(process.argv, '--')
  return own.includes('--json') || /^(1|true|yes|y|t|on)$/i.test(process.env.HOOP_JSON ?? '')
}

function splitAt(words: readonly string[], separator: string): [string[], string[]] {
  const at = words.indexOf(separator)
  return at === -1 ? [[...words], []] : [words.slice(0, at), words.slice(at + 1)]
}
