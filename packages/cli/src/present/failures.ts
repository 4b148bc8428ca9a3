import { stripVTControlCharacters } from 'node:util'
import { apiErrors, exitCodes, HoopError } from '@hoop/contracts/errors'
import { escapeBlock, escapedJson, escapeLine } from './escape.ts'

/** What is printed on stderr for an error, and what the process ends with. */
export interface Failure {
  readonly text: string
  readonly exit: number
}
export interface FailureOptions {
  /** One JSON object in place of words. */
  readonly json: boolean
  readonly debug: boolean
}

export function describeFailure(error: unknown, options: FailureOptions): Failure {
  const { code, message, hint, exit } = understand(error)
  if (options.json) return { text: escapedJson({ error: { code, message, hint, exit } }), exit }
  const lines = [`hoop: ${escapeBlock(message).replaceAll('\n', '\n      ')}`]
  if (hint !== null) lines.push(`      ${escapeLine(hint)}`)
  if (options.debug && error instanceof Error) lines.push('', escapeBlock(stacks(error)))
  return { text: lines.join('\n'), exit }
}

function stacks(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\ncaused by ${stacks(error.cause)}` : own
}

function understand(error: unknown): { code: string; message: string; hint: string | null; exit: number } {
  if (error instanceof HoopError) {
    return { code: error.code, message: error.message, hint: error.hint, exit: apiErrors[error.code].exit }
  }
  if (isUsageError(error)) {
    // oclif puts "See more help with --help" on a line of its own
    const [message = ''] = (missingArguments(error) ?? error.message).split('\nSee more help')
    return {
      code: 'invalid_request',
      // Its plugins colour their words.
      message: stripVTControlCharacters(message).replaceAll('\n', ' '),
      hint: message.includes('hoop help') ? null : 'the same with --help says more',
      exit: exitCodes.usage,
    }
  }
  const message = error instanceof Error ? error.message || error.name : String(error)
  return { code: 'internal', message, hint: 'HOOP_DEBUG=1 shows where this comes from', exit: exitCodes.failed }
}

/** oclif's RequiredArgsError, whose own words are a table for a screen of its own. Checked by hand: this is loaded for every error, zod is not. */
function missingArguments(error: Error): string | null {
  if (!('args' in error) || !Array.isArray(error.args) || error.args.length === 0 || !error.args.every(isArgument)) return null
  return `missing: ${error.args.map(({ name, description }) => `${name.toUpperCase()} (${description})`).join(', ')}`
}

function isArgument(value: unknown): value is { name: string; description: string } {
  if (typeof value !== 'object' || value === null || !('name' in value && 'description' in value)) return false
  return typeof value.name === 'string' && typeof value.description === 'string'
}

/** What oclif throws for flags, arguments and commands that are not there. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'oclif' in error
}
