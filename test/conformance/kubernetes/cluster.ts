import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Program } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import { z } from 'zod'
import { type Stoppable, temporaryFolder } from '../../support/index.ts'
import { ask, type Caller } from './api.ts'
import type { Programs } from './build.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import {
  container,
  engineers,
  gateway,
  namespace,
  objectsOf,
  pod,
  podOf,
  runningPod,
  runningStatus,
  startedEvent,
} from './objects.ts'
import { type Authority, type KeyPair, makeAuthority } from './pki.ts'

/** A request as the API server audited it. */
const AuditEvent = z.object({
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({ username: z.string(), groups: z.array(z.string()).default([]) }),
  impersonatedUser: z
    .object({
      username: z.string(),
      groups: z.array(z.string()).default([]),
      extra: z.record(z.string(), z.array(z.string())).optional(),
    })
    .optional(),
  responseStatus: z.object({ code: z.number() }).optional(),
})
export type AuditEvent = z.infer<typeof AuditEvent>

/** A real API server on a real etcd, with one node whose kubelet runs commands on this machine. */
export interface Cluster extends Stoppable {
  /** `127.0.0.1:PORT` */
  readonly address: string
  /** PEM. */
  readonly ca: string
  /** A token of the service account that may impersonate, good for an hour. */
  token(): Promise<string>
  /** Of a user who may impersonate. */
  readonly clientCertificate: KeyPair
  /** Path of the kubeconfig of one who may do everything. */
  readonly adminKubeconfig: string
  /** Path of the kubeconfig of an engineer, who may do everything in one namespace. */
  readonly engineerKubeconfig: string
  readonly kubelet: {
    /** Where the files of a pod's containers are. */
    files(pod: string): string
    /** Where `kubectl logs` reads. */
    logFile(pod: string, container: string): string
  }
  /** Every request that was answered so far. */
  auditLog(): Promise<AuditEvent[]>
  /** Makes one more running pod. */
  startPod(name: string): Promise<void>
  /** Says that an ephemeral container of a pod runs, once it is in its spec. */
  startEphemeralContainer(pod: string, name: string): Promise<void>
}

const startWithin = 120_000

/** Starts it all on free ports in a folder of its own. What it started before an error is stopped. */
export async function startCluster(programs: Programs): Promise<Cluster> {
  const parts = new AsyncDisposableStack()
  try {
    const folder = await temporaryFolder('kubernetes')
    parts.defer(() => folder.stop().then(() => {}))
    const keep = (program: Program, signal: NodeJS.Signals) => {
      parts.defer(async () => void (await program.stop(signal)))
      return program
    }
    const authority = await makeAuthority(folder.path)
    const pods = join(folder.path, 'pods')
    await mkdir(pods)
    const kubelet = keep(await startKubelet(programs.kubelet, pods, authority), 'SIGTERM')
    const kubeletPort = Number(await kubelet.find('stdout', (line) => line, startWithin))
    // Their data goes away with them: nothing is worth a slow end.
    const etcd = await startEtcd(programs.etcd, folder.path, (program) => keep(program, 'SIGKILL'))
    const server = await startApiServer(programs.apiserver, folder.path, authority, etcd, (program) => keep(program, 'SIGKILL'))
    const admin: Caller = { address: server.address, ca: authority.ca, ...server.admin }
    for (const { path, object, status } of objectsOf(kubeletPort)) await make(admin, path, object, status)
    const startPod = async (name: string) => {
      await mkdir(join(pods, name), { recursive: true })
      const uid = await make(admin, `/api/v1/namespaces/${namespace}/pods`, podOf(name), runningPod)
      await make(admin, `/api/v1/namespaces/${namespace}/events`, startedEvent(name, uid))
    }
    await startPod(pod)
    const engineer = await authority.issue('engineer', `/O=${engineers}/CN=hoop:ada`, 'extendedKeyUsage=clientAuth')
    const clientCertificate = await authority.issue('gateway', `/CN=${gateway.user}`, 'extendedKeyUsage=clientAuth')
    const logFile = (of: string, named: string) => join(pods, `${of}.${named}.log`)
    await writeFile(logFile(pod, container), 'one\ntwo\nthree\n')
    const kubeconfig = (name: string, who: KeyPair) =>
      writeKubeconfig(join(folder.path, `${name}.kubeconfig`), { address: server.address, ca: authority.caFile, who })
    return {
      address: server.address,
      ca: authority.ca,
      async token() {
        const path = `/api/v1/namespaces/${gateway.namespace}/serviceaccounts/${gateway.serviceAccount}/token`
        const answer = await ask(admin, 'POST', path, { spec: { expirationSeconds: 3600 } })
        return z.object({ status: z.object({ token: z.string() }) }).parse(answer).status.token
      },
      clientCertificate,
      adminKubeconfig: await kubeconfig('admin', server.admin),
      engineerKubeconfig: await kubeconfig('engineer', engineer),
      kubelet: { files: (of) => join(pods, of), logFile },
      async auditLog() {
        const lines = (await readFile(server.auditLog, 'utf8')).split('\n')
        // The last one may still be written.
        return lines.slice(0, -1).map((line) => AuditEvent.parse(JSON.parse(line)))
      },
      startPod,
      async startEphemeralContainer(of, name) {
        const path = `/api/v1/namespaces/${namespace}/pods/${of}`
        await until(async () => JSON.stringify(await ask(admin, 'GET', path)).includes(`"name":"${name}"`))
        await ask(admin, 'PATCH', `${path}/status`, { status: { ephemeralContainerStatuses: [runningStatus(name)] } })
      },
      stop: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

/** Makes an object and reports its status; its uid. */
async function make(admin: Caller, path: string, object: object, status?: object): Promise<string> {
  const answer = await ask(admin, 'POST', path, object)
  const { metadata } = z.object({ metadata: z.object({ name: z.string(), uid: z.string() }) }).parse(answer)
  if (status !== undefined) await ask(admin, 'PATCH', `${path}/${metadata.name}/status`, { status })
  return metadata.uid
}

async function startKubelet(file: string, pods: string, authority: Authority): Promise<Program> {
  const pair = await authority.issue('kubelet', '/CN=node-1', 'subjectAltName=IP:127.0.0.1')
  const args = ['-cert', pair.certificateFile, '-key', pair.keyFile, '-root', pods]
  return Program.start(file, args, { env: { PATH: process.env.PATH ?? '' }, channel: true })
}

type Keep = (program: Program) => Program

/** Its URL. A port that was free a moment ago may be taken: then it is tried again. */
async function startEtcd(file: string, folder: string, keep: Keep): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
    const args = {
      'data-dir': join(folder, `etcd-${attempt}`),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
      'log-level': 'warn',
      'unsafe-no-fsync': 'true',
    }
    const etcd = keep(await Program.start(file, flags(args), { env: {}, channel: true }))
    const healthy = () =>
      fetch(`${client}/health`).then(
        (answer) => answer.ok,
        () => false,
      )
    if (await until(healthy, etcd)) return client
    if (attempt === 3) throw new Error(`etcd ended:\n${etcd.output('stderr')}`)
  }
}

async function startApiServer(file: string, folder: string, authority: Authority, etcd: string, keep: Keep) {
  const names = 'DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1'
  const serving = await authority.issue('apiserver', '/CN=kube-apiserver', `subjectAltName=${names}`)
  const admin = await authority.issue('admin', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth')
  const [serviceAccounts, policy] = [await authority.signingKey('service-accounts'), join(folder, 'audit-policy.json')]
  const rules = [{ level: 'Metadata', omitStages: ['RequestReceived'] }]
  await writeFile(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }))
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const [address, auditLog] = [`127.0.0.1:${port}`, join(folder, `audit-${attempt}.log`)]
    const args = {
      'etcd-servers': etcd,
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'secure-port': String(port),
      'tls-cert-file': serving.certificateFile,
      'tls-private-key-file': serving.keyFile,
      'client-ca-file': authority.caFile,
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': serviceAccounts,
      'service-account-signing-key-file': serviceAccounts,
      'kubelet-client-certificate': admin.certificateFile,
      'kubelet-client-key': admin.keyFile,
      'kubelet-certificate-authority': authority.caFile,
      'kubelet-preferred-address-types': 'InternalIP',
      'authorization-mode': 'Node,RBAC',
      'service-cluster-ip-range': '10.0.0.0/24',
      // A controller would have to make the default account of each namespace.
      'disable-admission-plugins': 'ServiceAccount',
      'endpoint-reconciler-type': 'none',
      'audit-policy-file': policy,
      'audit-log-path': auditLog,
      'audit-log-mode': 'blocking',
    }
    const server = keep(await Program.start(file, flags(args), { env: {}, cwd: folder, channel: true }))
    const ready = () =>
      ask({ address, ca: authority.ca, ...admin }, 'GET', '/readyz').then(
        (words) => words === 'ok',
        () => false,
      )
    if (await until(ready, server)) return { address, auditLog, admin }
    if (attempt === 3) throw new Error(`the API server ended:\n${server.output('stderr').slice(-4000)}`)
  }
}

function flags(args: Readonly<Record<string, string>>): string[] {
  return Object.entries(args).map(([name, value]) => `--${name}=${value}`)
}

/** Waits until it holds; false: the program ended before. @throws after two minutes. */
async function until(holds: () => Promise<boolean>, program?: Program): Promise<boolean> {
  const limit = AbortSignal.timeout(startWithin)
  while (!(await holds())) {
    if (program?.running === false) return false
    if (limit.aborted) throw new Error(`not so within ${startWithin / 1000} s:\n${program?.output('stderr').slice(-4000) ?? ''}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}
