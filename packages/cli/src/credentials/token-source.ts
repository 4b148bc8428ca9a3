import { execFile } from 'node:child_process'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { secretPrefixes } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import { Platform, platformToken } from './platform-token.ts'

/** Where somebody who has no browser takes an identity token from, each time that one is needed. */
export const TokenSource = z.union([
  z.strictObject({ file: z.string() }),
  z.strictObject({ command: z.string() }),
  z.strictObject({ variable: z.string() }),
  z.strictObject({ platform: Platform }),
])
export type TokenSource = z.infer<typeof TokenSource>

const longestToken = 32_768
const patience = 30_000

/**
 * The token that the file or variable has now, the command prints, or the platform gives for this gateway: a signed JWT, or the key of a
 * service account. @throws HoopError `invalid_request`
 */
export async function readToken(source: TokenSource, gateway: string): Promise<string> {
  const text = (await read(source, gateway)).trim()
  if (text.length <= longestToken && (/^[\w-]+(\.[\w-]+){2}$/.test(text) || keyShape.test(text))) return text
  const what =
    text === '' ? 'no token' : 'something that is neither an identity token (a signed JWT) nor a key of a service account'
  throw unusable(source, `gives ${what}`)
}

const keyShape = new RegExp(`^${secretPrefixes.serviceAccountKey}[\\w-]+$`)

async function read(source: TokenSource, gateway: string): Promise<string> {
  if ('file' in source) return await fromFile(source.file)
  if ('command' in source) return await fromCommand(source.command)
  if ('variable' in source) return process.env[source.variable] ?? ''
  return await platformToken(source.platform, process.env.HOOP_AUDIENCE || gateway)
}

async function fromFile(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r')
    const { bytesRead, buffer } = await file.read(Buffer.alloc(longestToken + 1), 0, longestToken + 1, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (cause) {
    throw unusable({ file: path }, `cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
}

/** By the shell, as the person typed it. What it says besides the token is for people. */
async function fromCommand(command: string): Promise<string> {
  const windows = process.platform === 'win32'
  const [shell, args] = windows ? [process.env.ComSpec ?? 'cmd.exe', ['/d', '/s', '/c', command]] : ['/bin/sh', ['-c', command]]
  try {
    const { stdout, stderr } = await promisify(execFile)(shell, args, { timeout: patience, maxBuffer: longestToken * 2 })
    process.stderr.write(stderr)
    return stdout
  } catch (cause) {
    throw unusable({ command }, `failed: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : cause}`, cause)
  }
}

function unusable(source: TokenSource, why: string, cause?: unknown): HoopError {
  return new HoopError('invalid_request', `${nameOf(source)} ${why}`, {
    hint: 'it must give an identity token of the provider, made for the client that the gateway names, or what docs/machines.md asks for',
    cause,
  })
}

function nameOf(source: TokenSource): string {
  if ('file' in source) return `the token file ${source.file}`
  if ('command' in source) return 'the token command'
  return 'variable' in source ? `the variable ${source.variable}` : `the platform (${source.platform})`
}
