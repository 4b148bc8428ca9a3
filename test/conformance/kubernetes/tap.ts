import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { z } from 'zod'
import type { Stoppable } from '../../support/index.ts'
import { makeAuthority } from './pki.ts'

const Kubeconfig = z.looseObject({
  clusters: z.tuple([
    z.looseObject({ cluster: z.looseObject({ server: z.url(), 'certificate-authority': z.string().optional() }) }),
  ]),
})

/** Stands between a client and its cluster, and keeps every byte that the client received. */
export interface Tap extends Stoppable {
  /** Path of the kubeconfig that leads through it. */
  readonly kubeconfig: string
  /** What came since it was asked the last time, decrypted, as HTTP/1.1. */
  received(): Buffer
}

/** @param kubeconfig that leads to the cluster, in JSON, with a token. */
export async function startTap(kubeconfig: string, folder: string): Promise<Tap> {
  const config = Kubeconfig.parse(JSON.parse(await readFile(kubeconfig, 'utf8')))
  const { cluster } = config.clusters[0]
  const [url, ca] = [new URL(cluster.server), await readFile(cluster['certificate-authority'] ?? '', 'utf8')]
  const authority = await makeAuthority(folder)
  const { certificate, key } = await authority.issue('tap', '/CN=localhost', 'subjectAltName=DNS:localhost')
  let chunks: Buffer[] = []
  const open = new Set<TLSSocket>()
  const protocols = { ALPNProtocols: ['http/1.1'] }
  const server = createServer({ cert: certificate, key, ...protocols }, (client) => {
    const gateway = connect({ host: url.hostname, port: Number(url.port), servername: 'localhost', ca, ...protocols })
    for (const [one, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      open.add(one)
      one.once('error', () => other.destroy()).once('close', () => open.delete(one) && other.destroy())
      one.pipe(other)
    }
    gateway.on('data', (chunk: Buffer) => chunks.push(chunk))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const own = join(folder, 'tap.kubeconfig')
  const through = { server: `https://localhost:${port}`, 'certificate-authority': authority.caFile }
  await writeFile(own, JSON.stringify({ ...config, clusters: [{ ...config.clusters[0], cluster: through }] }), { mode: 0o600 })
  return {
    kubeconfig: own,
    received() {
      const all = Buffer.concat(chunks)
      chunks = []
      return all
    },
    async stop() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}
