import { open } from 'node:fs/promises'
import { BecomeAdminResponse, secretPrefixes } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import type { Device } from './device.ts'

const longest = 200

/** The one-time token that a gateway without any admin has left in a file; `-` is standard input. @throws HoopError `invalid_request` */
export async function readAdminToken(file: string): Promise<string> {
  const text = (file === '-' ? await fromStandardInput() : await fromFile(file)).trim()
  if (text.startsWith(secretPrefixes.adminToken) && text.length <= longest) return text
  throw new HoopError('invalid_request', `there is no token for a first admin in ${file === '-' ? 'standard input' : file}`, {
    hint: 'the log of a gateway that has no admin names the file that it is in',
  })
}

/** Makes who is logged in an admin; the name of the Role that says so. */
export async function becomeAdmin(device: Device, token: string): Promise<string> {
  return (await device.client.post('/v1/first-admin', { token }, BecomeAdminResponse)).role
}

async function fromFile(file: string): Promise<string> {
  try {
    await using handle = await open(file, 'r')
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(longest + 1), 0, longest + 1, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HoopError('invalid_request', `the file with the token for a first admin cannot be read: ${why}`, { cause })
  }
}

async function fromStandardInput(): Promise<string> {
  let text = ''
  for await (const part of process.stdin.setEncoding('utf8')) {
    text += part
    if (text.length > longest) break
  }
  return text
}
