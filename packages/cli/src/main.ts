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
  process.on('unhandledRejection', fail)
  process.on('uncaughtException', fail)
  // a reader that has seen enough, as in `hoop sessions ls | head -1`
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    const needed = neededFor(argv, join(import.meta.dirname, 'commands'))
    const config = await loadConfig(dirname(import.meta.dirname), needed.files)
    await run([...needed.argv], config)
    await flush()
  } catch (error) {
    await fail(error)
  }
  process.exit()
}

async function fail(error: unknown): Promise<never> {
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
