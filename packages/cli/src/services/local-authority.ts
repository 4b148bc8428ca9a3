import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { OpenSessionResponse } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { statePaths, writeFileAtomically } from '../state/folder.ts'
import type { Device } from './device.ts'

/**
 * Keeps the authority that signs for this user's local ports in a file, which programs are told to trust; its path, or null for sessions
 * without TLS. The path of a gateway is always the same, so that a GUI may keep it. Throws HoopError `internal` for what is no such
 * authority: from a gateway, programs shall not be told to trust anything else.
 */
export async function keepAuthority(device: Device, sessions: Iterable<OpenSessionResponse>): Promise<string | null> {
  const [pem] = Array.from(sessions, ({ local_authority }) => local_authority).filter((authority) => authority !== null)
  if (pem === undefined) return null
  const { host } = new URL(device.gateway)
  const path = join(statePaths(device.home).authorities, `${host.replaceAll(/[^a-zA-Z0-9.-]+/g, '_')}.pem`)
  await writeFileAtomically(path, authorityOf(pem).toString())
  return path
}

function authorityOf(pem: string): X509Certificate {
  try {
    const certificate = new X509Certificate(pem)
    if (certificate.ca) return certificate
  } catch {
    // the words are the same
  }
  throw new HoopError('internal', 'the gateway’s certificate for local TLS is no authority', {
    hint: 'the gateway and this command may be of different versions: compare `hoop --version` with the gateway’s',
  })
}
