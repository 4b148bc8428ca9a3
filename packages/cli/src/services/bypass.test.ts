import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts/errors'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BypassFinding, findBypasses, type Machine } from './bypass.ts'
import type { Device } from './device.ts'

const server = createServer((socket) => socket.destroy())
let home: string
let port: number
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hoop-bypass-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(async () => {
  server.close()
  await rm(home, { recursive: true, force: true })
})

const nowhere = { host: '127.0.0.1', port: 9 }
const machine = (more: Partial<Machine> = {}): Machine => ({
  env: {},
  home,
  metadata: nowhere,
  podToken: join(home, 'none'),
  ...more,
})
/** The part of a device that is asked: where a connection is. */
const telling = (answer: () => Promise<unknown>) => ({ client: { get: answer } }) as unknown as Device
const shop = () => `kind: Connection
name: shop
protocol: postgres
address: [127.0.0.1:${port}, 127.0.0.1:9]
databases: [shop]
login: { user: shop }
`

function words(findings: readonly BypassFinding[], status: BypassFinding['status']): string[] {
  return findings.filter((finding) => finding.status === status).map((finding) => finding.words)
}

it('finds nothing where there is nothing', async () => {
  const device = telling(() => Promise.reject(new HoopError('no_access', 'no')))
  const findings = await findBypasses(device, null, machine())
  expect(words(findings, 'problem')).toEqual([])
  expect(words(findings, 'not-checked')).toEqual([expect.stringContaining('only admins and auditors')])
})

// docs/doctor.md shows it.
it('finds a backend that answers, and a password for it, without saying it', async () => {
  await writeFile(join(home, '.pgpass'), `# 127.0.0.1:${port}\nother:1:*:me:secret\n127.0.0.1:*:*:me:secret\n`)
  const env = { DATABASE_URL: 'postgres://me:secret@prod/x', SHOP_DATABASE_URL: 'postgresql://hoop:x@127.0.0.1:15432/shop' }
  const findings = await findBypasses(
    telling(async () => ({ yaml: shop() })),
    'shop',
    machine({ env }),
  )
  expect(words(findings, 'problem')).toEqual([
    `shop: 127.0.0.1:${port} answers from here, past the gateway`,
    `there is a way into a database: DATABASE_URL, ${join(home, '.pgpass')}, line 3`,
  ])
  expect(words(findings, 'ok')).toContain('shop: 127.0.0.1:9 does not answer from here')
  expect(JSON.stringify(findings)).not.toContain('secret')
})

it('finds credentials of clouds in files, variables and at the metadata service', async () => {
  await mkdir(join(home, '.kube'))
  await writeFile(join(home, '.kube', 'config'), 'x')
  const device = telling(async () => ({ yaml: '' }))
  const findings = await findBypasses(
    device,
    null,
    machine({ env: { AWS_ACCESS_KEY_ID: 'AKIA' }, metadata: { host: '127.0.0.1', port } }),
  )
  expect(words(findings, 'problem')).toEqual([
    'a credential for Google lies about: the metadata service at 127.0.0.1',
    'a credential for AWS lies about: AWS_ACCESS_KEY_ID, the metadata service at 127.0.0.1',
    `a credential for Kubernetes lies about: ${join(home, '.kube', 'config')}`,
  ])
})

it('finds kubeconfigs that lead past the gateway, and takes those of hoop for what they are', async () => {
  const config = join(home, 'clusters')
  const cluster = (name: string, server: string) => ({ name, cluster: { server } })
  const clusters = [
    cluster('hoop-shop', 'https://localhost:15432'),
    cluster('prod', `https://127.0.0.1:${port}`),
    cluster('gke_other', 'https://10.1.2.3'),
  ]
  await writeFile(config, JSON.stringify({ clusters, users: [{ name: 'prod', user: { token: 'secret' } }] }))
  const findings = await findBypasses(
    telling(async () => ({ yaml: shop() })),
    'shop',
    machine({ env: { KUBECONFIG: `${join(home, 'none')}:${config}` } }),
  )
  expect(words(findings, 'problem')).toContain(
    `a credential for Kubernetes lies about: ${config}: cluster prod, which is shop past the gateway, ${config}: cluster gke_other`,
  )
  await writeFile(config, JSON.stringify({ clusters: clusters.slice(0, 1) }))
  const again = await findBypasses(
    telling(async () => ({ yaml: '' })),
    null,
    machine({ env: { KUBECONFIG: config } }),
  )
  expect(words(again, 'ok')).toContain('no credential for Kubernetes lies about')
})
