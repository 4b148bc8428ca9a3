import { type ConnectionOf, HttpOperation } from '@hoop/contracts'
import { z } from 'zod'
import { type Mistake, mistakes } from './mistakes.ts'

/** The methods of a path item that the gateway offers; TRACE is not among them. */
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const

const Effects = HttpOperation.shape.effects.unwrap()
/** What is read of an operation; everything else says nothing about what it may do. */
const OpenApiOperation = z.object({
  operationId: z.string().min(1).max(200).optional(),
  'x-hoop-effects': z.union([Effects.element.transform((effect) => [effect]), Effects]).optional(),
})
const offered = OpenApiOperation.optional()
const PathItem = z.object({
  $ref: z.string().optional(),
  servers: z.unknown().optional(),
  get: offered,
  put: offered,
  post: offered,
  delete: offered,
  options: offered,
  head: offered,
  patch: offered,
})
const OpenApi = z.object({
  openapi: z.string().regex(/^3\.[01]\.[0-9]+/, 'openapi must be 3.0 or 3.1: older documents can be converted'),
  servers: z
    .array(z.object({ url: z.string(), variables: z.record(z.string(), z.object({ default: z.string() })).optional() }))
    .optional(),
  paths: z.record(z.string(), z.unknown()).default({}),
  components: z.object({ pathItems: z.record(z.string(), z.unknown()).default({}) }).optional(),
})

export interface OpenApiReading {
  readonly operations: readonly HttpOperation[]
  /** Each at its path in the OpenAPI document. */
  readonly mistakes: readonly Mistake[]
}

/**
 * The operations of an OpenAPI document (3.0, 3.1): their names, methods, paths, and effects (`x-hoop-effects`). The path of its first server
 * goes before theirs, as far as it is not the connection's `basePath`. Everything else in it is left alone.
 * https://spec.openapis.org/oas/v3.1.1
 */
export function readOpenApi(value: unknown, { basePath = '' }: Pick<ConnectionOf<'http'>, 'basePath'>): OpenApiReading {
  const read = OpenApi.safeParse(value, { reportInput: true })
  if (!read.success) return { operations: [], mistakes: read.error.issues.flatMap((issue) => mistakes(issue, OpenApi)) }
  const reader = new OpenApiReader(read.data)
  reader.read(basePath)
  return { operations: reader.operations, mistakes: reader.mistakes }
}

class OpenApiReader {
  readonly operations: HttpOperation[] = []
  readonly mistakes: Mistake[] = []
  readonly #document: z.infer<typeof OpenApi>
  readonly #named = new Set<string>()

  constructor(document: z.infer<typeof OpenApi>) {
    this.#document = document
  }

  read(basePath: string): void {
    const prefix = this.#prefix(basePath)
    for (const [path, item] of Object.entries(this.#document.paths)) {
      if (path.startsWith('/')) this.#readItem(path, item, prefix)
      else if (!path.startsWith('x-')) this.#wrong(['paths', path], 'a path begins with /, as in /v1/customers/{id}')
    }
  }

  /** What stands between the connection's base path and the paths of the document. */
  #prefix(basePath: string): string {
    const [server] = this.#document.servers ?? []
    if (server === undefined) return ''
    const url = server.url.replaceAll(/\{([^{}]*)\}/g, (all, name: string) => server.variables?.[name]?.default ?? all)
    const parsed = url.includes('{') ? null : URL.parse(url, 'https://service')
    if (parsed === null) {
      this.#wrong(['servers', 0, 'url'], 'url must be a URL, and its variables must have a default')
      return ''
    }
    const path = parsed.pathname.replace(/\/+$/, '')
    if (path === basePath || path.startsWith(`${basePath}/`)) return path.slice(basePath.length)
    this.#wrong(
      ['servers', 0, 'url'],
      `the service is at ${path === '' ? '/' : path} here, and at basePath ${basePath} in the connection`,
    )
    return ''
  }

  #readItem(path: string, value: unknown, prefix: string): void {
    const { target, at } = this.#resolved(['paths', path], value)
    const read = PathItem.safeParse(target, { reportInput: true })
    if (!read.success) {
      this.mistakes.push(...read.error.issues.flatMap((issue) => mistakes(issue, PathItem, at)))
      return
    }
    if (read.data.$ref !== undefined) return this.#wrong(at, `$ref: ${read.data.$ref} cannot be followed: write the path out`)
    if (read.data.servers !== undefined)
      return this.#wrong([...at, 'servers'], 'servers of one path are not supported: make it a connection of its own')
    for (const method of methods) {
      const operation = read.data[method]
      if (operation !== undefined) this.#add([...at, method], method.toUpperCase(), `${prefix}${path}`, operation)
    }
  }

  /** A reference to a path item elsewhere in the document is followed once. */
  #resolved(at: readonly string[], value: unknown): { target: unknown; at: readonly string[] } {
    const ref = PathItem.pick({ $ref: true }).safeParse(value).data?.$ref ?? ''
    const name = /^#\/components\/pathItems\/([^/]+)$/.exec(ref)?.[1]?.replaceAll('~1', '/').replaceAll('~0', '~')
    const items = this.#document.components?.pathItems ?? {}
    if (name === undefined || !Object.hasOwn(items, name)) return { target: value, at }
    return { target: items[name], at: ['components', 'pathItems', name] }
  }

  #add(at: readonly string[], method: string, path: string, operation: z.infer<typeof OpenApiOperation>): void {
    const { operationId: name, 'x-hoop-effects': effects } = operation
    const read = HttpOperation.safeParse({
      method,
      path,
      ...(name !== undefined && { name }),
      ...(effects !== undefined && { effects }),
    })
    if (!read.success) return this.#wrong(at, read.error.issues.map(({ message }) => message).join('; '))
    if (name !== undefined && this.#named.has(name))
      return this.#wrong([...at, 'operationId'], `another operation is called ${name}`)
    if (name !== undefined) this.#named.add(name)
    this.operations.push(read.data)
  }

  #wrong(path: readonly PropertyKey[], message: string): void {
    this.mistakes.push({ path, key: null, message })
  }
}
