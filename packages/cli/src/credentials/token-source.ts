import { execFile } from 'node:child_process'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { HoopError } from '@hoop/contracts'
import { z } from 'zod'

/** Where somebody who has no browser takes an identity token from, each time that one is needed. */
export const TokenSource = z.union([z.strictObject({ file: z.string() }), z.strictObject({ command: z.string() })])
export type TokenSource = z.infer<typeof TokenSource>

const longestToken = 32_768
const patience = 30_000

/** The identity token that the file has now, or that the command prints. @throws HoopError `invalid_request` */
export async function readToken(source: TokenSource): Promise<string> {
  const text = ('file' in source ? await fromFile(source.file) : await fromCommand(source.command)).trim()
  if (text.length <= longestToken && /^[\w-]+(\.[\w-]+){2}$/.test(text)) return text
  const what = text === '' ? 'no token' : 'something that is no identity token (a signed JWT)'
  throw unusable(source, `gives ${what}`)
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
  const name = 'file' in source ? `the token file ${source.file}` : 'the token command'
  return new HoopError('invalid_request', `${name} ${why}`, {
    hint: 'it must give an identity token of the provider, made for the client that the gateway names',
    cause,
  })
}
