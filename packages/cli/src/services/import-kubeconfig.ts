import { dirname, resolve } from 'node:path'
import { ConnectionDocument, type ConnectionOf, DocumentName, HoopError } from '@hoop/contracts'
import { parse } from 'yaml'
import { z } from 'zod'
import { readGivenFile, readGivenFiles } from './given-file.ts'
import { type ClusterLogin, KubeconfigUser, loginOf } from './kubeconfig-login.ts'

const Cluster = z.object({
  server: z.url({ protocol: /^https?$/ }),
  'certificate-authority': z.string().optional(),
  'certificate-authority-data': z.base64().optional(),
  'tls-server-name': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'proxy-url': z.string().optional(),
})
type Cluster = z.infer<typeof Cluster>
const Context = z.object({ cluster: z.string(), user: z.string() })
/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
const Kubeconfig = z.object({
  'current-context': z.string().optional(),
  contexts: z.array(z.object({ name: z.string(), context: z.unknown() })),
  clusters: z.array(z.object({ name: z.string(), cluster: z.unknown() })),
  users: z.array(z.object({ name: z.string(), user: z.unknown() })),
})

export interface ImportOptions {
  /** Null: the current one. */
  readonly context: string | null
  /** Of the connection; null: made of the context's. */
  readonly name: string | null
  /** Of AWS, for EKS. */
  readonly accessKeyId: string | null
}

export interface ImportedCluster {
  /** As a person would write it: what is not there has its default. */
  readonly document: Pick<ConnectionOf<'kubernetes'>, 'kind' | 'name' | 'protocol' | 'address'> & {
    readonly tls?: ConnectionOf<'kubernetes'>['tls']
    readonly login: ClusterLogin
  }
  /** What to know before it is applied. */
  readonly notes: readonly string[]
}

/** A context of a kubeconfig as a connection; `-` is standard input. Throws HoopError `invalid_request` for what no connection can be. */
export async function importKubeconfig(file: string, options: ImportOptions): Promise<ImportedCluster> {
  const config = read(Kubeconfig, parsed(await readGivenFiles([file])), file)
  const wanted = options.context ?? config['current-context'] ?? ''
  const context = read(Context, named(config.contexts, wanted)?.context, `the context ${wanted}`)
  const cluster = read(Cluster, named(config.clusters, context.cluster)?.cluster, `the cluster ${context.cluster}`)
  const user = read(KubeconfigUser, named(config.users, context.user)?.user, `the user ${context.user}`)
  const folder = file === '-' ? process.cwd() : dirname(resolve(file))
  const contentOf = async (data: string | undefined, path: string | undefined): Promise<string | undefined> => {
    if (data !== undefined) return Buffer.from(data, 'base64').toString()
    return path === undefined ? undefined : await readGivenFile(resolve(folder, path))
  }
  const tls = await tlsOf(cluster, contentOf)
  const { login, notes } = await loginOf(user, { ...options, server: cluster.server, contentOf })
  const document = {
    kind: 'Connection' as const,
    name: nameOf(options.name ?? wanted),
    protocol: 'kubernetes' as const,
    address: addressOf(cluster.server),
    ...(tls !== null && { tls }),
    login,
  }
  read(ConnectionDocument, document, file)
  return { document, notes }
}

function parsed(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return null
  }
}

function named<T extends { readonly name: string }>(list: readonly T[], name: string): T | undefined {
  return list.find((each) => each.name === name)
}

/** The words name the field, and never quote it. */
function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const field = result.error.issues[0]?.path.join('.') ?? ''
  throw new HoopError(
    'invalid_request',
    `${what} ${value === undefined || value === null ? 'is not there' : `cannot be read${field && ` (${field})`}`}`,
    {
      hint: 'kubectl config view shows what there is; --context names one of its contexts',
    },
  )
}

async function tlsOf(
  cluster: Cluster,
  contentOf: (data: string | undefined, path: string | undefined) => Promise<string | undefined>,
): Promise<ConnectionOf<'kubernetes'>['tls'] | null> {
  if (cluster['proxy-url'] !== undefined)
    throw new HoopError('invalid_request', 'the cluster is reached through a proxy, which no connection is', {
      hint: 'run an agent from where it is reached directly',
    })
  if (new URL(cluster.server).protocol === 'http:') return 'disable'
  if (cluster['insecure-skip-tls-verify'] === true)
    throw new HoopError('invalid_request', 'nobody checks the certificate of this cluster, and hoop does', {
      hint: 'put the certificate of its authority in certificate-authority-data',
    })
  const ca = await contentOf(cluster['certificate-authority-data'], cluster['certificate-authority'])
  const serverName = cluster['tls-server-name']
  if (ca === undefined && serverName === undefined) return null
  return { mode: 'verify-full', ...(ca !== undefined && { ca }), ...(serverName !== undefined && { serverName }) }
}

function addressOf(server: string): string {
  const { protocol, hostname, port, pathname } = new URL(server)
  if (pathname !== '/')
    throw new HoopError('invalid_request', `the cluster is below a path (${pathname}), and a connection is a whole server`, {
      hint: 'use the address of the cluster itself',
    })
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
}

/** `arn:aws:eks:eu-west-1:1:cluster/prod` is `arn-aws-eks-eu-west-1-1-cluster-prod`. */
function nameOf(name: string): string {
  const made = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '')
  return read(DocumentName, made, `the name ${name}`)
}
