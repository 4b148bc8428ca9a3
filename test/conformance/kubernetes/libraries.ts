import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { python } from '../../support/index.ts'
import { buildPrograms } from './build.ts'
import { container, pod } from './objects.ts'
import { fetchPythonClient } from './python.ts'

/** A client library: what its program does at the cluster of a kubeconfig, and says. */
export interface Library {
  readonly name: string
  readonly run: (kubeconfig: string) => Promise<string[]>
  readonly says: readonly string[]
}

const fileOf = (name: string) => fileURLToPath(new URL(`clients/${name}`, import.meta.url))

/** A server behind the pod's port, for as long as `use` takes. */
async function withServer<T>(use: (port: string) => Promise<T>): Promise<T> {
  const server = createServer((_, answer) => answer.end('behind the pod')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use(String((server.address() as AddressInfo).port))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function linesOf(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { stdout } = await execa(file, args, { env, timeout: 120_000 })
  return stdout.split('\n')
}

export const libraries: readonly Library[] = [
  {
    name: 'client-go',
    run: async (kubeconfig) => {
      const { clientGo } = await buildPrograms(console.log)
      return withServer((port) => linesOf(clientGo, [kubeconfig, pod, container, port]))
    },
    says: [
      'list: web-0',
      'dynamic: web-0',
      'protobuf accepted: true',
      'informer: added',
      'informer: deleted',
      'exec over WebSocket: hello warned 3',
      'exec over SPDY: hello warned 3',
      'port-forward over WebSocket: behind the pod',
      'port-forward over SPDY: behind the pod',
    ],
  },
  {
    name: '@kubernetes/client-node',
    run: (kubeconfig) => linesOf(process.execPath, [fileOf('client-node.ts'), kubeconfig, pod, container]),
    says: ['list: web-0', 'watch: true', 'patch: {"a":"1","b":"2"}', 'delete: 404', 'log: 3', 'exec: hello warned 5'],
  },
  {
    name: 'kubernetes (Python)',
    run: async (kubeconfig) => {
      const env = { PYTHONPATH: await fetchPythonClient() }
      return withServer((port) => linesOf(python(), ['-B', fileOf('client.py'), kubeconfig, pod, container, port], env))
    },
    says: [
      'list: web-0',
      'dynamic: web-0',
      'watch: ADDED',
      'watch: MODIFIED',
      'watch: DELETED',
      'log: one',
      'exec: got hello warned 6',
      'port-forward: behind the pod',
    ],
  },
]
