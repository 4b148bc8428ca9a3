import { writeFile } from 'node:fs/promises'
import type { KeyPair } from './pki.ts'

/** Writes a kubeconfig that names files; JSON is YAML. */
export async function writeKubeconfig(path: string, to: { address: string; ca: string; who: KeyPair }): Promise<string> {
  const user = { 'client-certificate': to.who.certificateFile, 'client-key': to.who.keyFile }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `https://${to.address}`, 'certificate-authority': to.ca } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  }
  await writeFile(path, JSON.stringify(config), { mode: 0o600 })
  return path
}
