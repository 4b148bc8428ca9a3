import { stripVTControlCharacters } from 'node:util'
import { apiErrors, exitCodes, HoopError } from '@hoop/contracts/errors'
import { isSystemError, systemReason } from '../state/system-reason.ts'
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
  const lines = [`hoop: ${escapeBlock(message).replaceAll(/\n(?=[^\n])/g, '\n      ')}`]
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
    const message = missingArguments(error) ?? usageWords(error.message)
    return { code: 'invalid_request', message, hint: 'the same with --help says more', exit: exitCodes.usage }
  }
  if (isSystemError(error)) {
    const message = `${error.path ?? 'the output'} cannot be ${didOnly(error.syscall)}: ${systemReason(error)}`
    return { code: 'internal', message, hint: systemHint(error), exit: exitCodes.failed }
  }
  const message = error instanceof Error ? error.message || error.name : String(error)
  return { code: 'internal', message, hint: 'HOOP_DEBUG=1 shows where this comes from', exit: exitCodes.failed }
}

/** oclif's words in one line, without its heading, its layout, its colours and its "See more help with --help". */
function usageWords(message: string): string {
  const [words = ''] = stripVTControlCharacters(message).split('\nSee more help')
  return words
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .replace(/^command \S+:(\S+) not found$/, 'Unexpected argument: $1')
    .replaceAll(/Missing required flag (\S+)/g, 'missing: --$1')
    .replaceAll(/\s*\n\s*/g, '; ')
}

/** What was not done, by the system call that failed. */
function didOnly(syscall: string): string {
  return (
    { mkdir: 'made', open: 'opened', read: 'read', scandir: 'read', stat: 'read', rename: 'written', write: 'written' }[
      syscall
    ] ?? 'used'
  )
}

function systemHint({ code, path }: NodeJS.ErrnoException): string {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'free some space, and try again'
  if (path === undefined) return 'HOOP_DEBUG=1 shows where this comes from'
  return 'what hoop keeps lies in ~/.hoop; HOOP_HOME names another folder'
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
