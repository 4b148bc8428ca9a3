import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { connectionString, type Endpoint } from './endpoints.ts'

/** Tells scripts that the ports are open: JSON, without passwords, whole or not there. */
export async function writeReadyFile(path: string, endpoints: readonly Endpoint[]): Promise<void> {
  const connections = endpoints.map((endpoint) => {
    const { password: _, ...shown } = endpoint
    return { ...shown, url: connectionString(endpoint, false) }
  })
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(temporary, `${JSON.stringify({ pid: process.pid, connections }, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  await rename(temporary, path)
}
