import { randomBytes, X509Certificate } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { json } from 'node:stream/consumers'
import { TLSSocket } from 'node:tls'
import { makeCertificates } from '@hoop/demo'
import { type Stoppable, temporaryFolder } from './keep.ts'
import {
  type Change,
  type KubernetesObject,
  mergePatch,
  ObjectStore,
  type Resource,
  resources,
  type Selection,
  StatusError,
  selects,
  tableOf,
} from './kubernetes-objects.ts'
import { Streams } from './kubernetes-streams.ts'

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: IncomingMessage['headers']
  /** By which of the two credentials. */
  readonly by: 'token' | 'certificate'
  /** What the request is made as; null: as the credential's own account. */
  readonly as: { readonly user: string; readonly groups: readonly string[] } | null
}

/**
 * A small API server for tests: objects in memory, with lists, watches and patches, and pods whose commands run on this machine. It knows one
 * token and one client certificate, lets both impersonate anybody, and forbids nobody anything.
 */
export interface KubernetesStandIn extends Stoppable {
  /** `127.0.0.1:PORT` */
  readonly address: string
  /** PEM. */
  readonly ca: string
  readonly token: string
  /** PEM. */
  readonly clientCertificate: { readonly certificate: string; readonly key: string }
  /** All requests that were let in. */
  readonly requests: readonly SeenRequest[]
  /** Sizes that callers gave to terminals, as they said them: `{"Width":80,"Height":24}`. */
  readonly terminalSizes: readonly string[]
  /** Where commands of pods run. */
  readonly folder: string
  /** Makes an object of a kind as `kubectl create` would. */
  create(resource: string, namespace: string, object: KubernetesObject): void
  /** Lets a pod say something in its log. */
  log(pod: string, text: string): void
}

export async function startKubernetesStandIn(): Promise<KubernetesStandIn> {
  const [serving, client] = await Promise.all([makeCertificates(['127.0.0.1', 'localhost']), makeCertificates(['gateway'])])
  const folder = await temporaryFolder('pods')
  const standIn = new StandIn(folder.path, randomBytes(24).toString('hex'), new X509Certificate(client.cert).fingerprint256)
  // A certificate is believed for being the one that was given out.
  const server = createServer({ ...serving, requestCert: true, rejectUnauthorized: false })
  server.on('request', (request, response) => void standIn.answer(request, response))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => standIn.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: serving.ca,
    token: standIn.token,
    clientCertificate: { certificate: client.cert, key: client.key },
    requests: standIn.requests,
    terminalSizes: standIn.streams.sizes,
    folder: folder.path,
    create: (resource, namespace, object) => {
      standIn.store.create(resourceOf(resource), namespace, object, true)
    },
    log: (pod, text) => standIn.log(pod, text),
    async stop() {
      standIn.streams.stop()
      server.closeAllConnections()
      server.close()
      await folder.stop()
    },
  }
}

/** What a path of the API is about. */
interface Place {
  readonly resource: Resource
  readonly namespace: string | null
  readonly name: string | null
  readonly subresource: string | null
}

class StandIn {
  readonly token: string
  readonly requests: SeenRequest[] = []
  readonly store = new ObjectStore()
  readonly streams: Streams
  readonly #fingerprint: string
  readonly #logs = new Map<string, string>()
  readonly #logged = new EventEmitter<{ text: [pod: string, text: string] }>().setMaxListeners(0)

  constructor(folder: string, token: string, fingerprint: string) {
    this.token = token
    this.#fingerprint = fingerprint
    this.streams = new Streams(folder)
  }

  log(pod: string, text: string): void {
    this.#logs.set(pod, (this.#logs.get(pod) ?? '') + text)
    this.#logged.emit('text', pod, text)
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response)
    } catch (error) {
      const failure = error instanceof StatusError ? error : new StatusError(400, 'BadRequest', String(error))
      reply(response, failure.status, failure.code)
    }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      this.#admit(request)
      const { pathname, searchParams } = urlOf(request)
      const { resource, namespace, name, subresource } = placeOf(pathname)
      this.store.get(resource, namespace ?? '', name ?? '')
      if (!['exec', 'attach', 'portforward'].includes(subresource ?? '')) throw new StatusError(404, 'NotFound', 'no stream')
      this.streams.take(subresource ?? '', searchParams, request, socket, head)
    } catch (error) {
      const { code, status } = error instanceof StatusError ? error : new StatusError(400, 'BadRequest', String(error))
      const body = JSON.stringify(status)
      const about = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`
      socket.end(`HTTP/1.1 ${code} Refused\r\n${about}\r\n\r\n${body}`)
    }
  }

  /** @throws StatusError */
  #admit(request: IncomingMessage): void {
    const { headers, socket } = request
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
    const token = headers.authorization === `Bearer ${this.token}`
    if (!token && certificate?.fingerprint256 !== this.#fingerprint) throw new StatusError(401, 'Unauthorized', 'Unauthorized')
    const user = headers['impersonate-user']
    const groups = request.headersDistinct['impersonate-group'] ?? []
    const as = user === undefined ? null : { user: String(user), groups }
    const { method = '', url: target = '' } = request
    this.requests.push({ method, target, headers, by: token ? 'token' : 'certificate', as })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#admit(request)
    const { pathname, searchParams: query } = urlOf(request)
    if (pathname === '/readyz') return void response.end('ok')
    const discovered = discovery(pathname)
    if (discovered !== null) return reply(response, discovered)
    const place = placeOf(pathname)
    const { resource, name } = place
    const namespace = place.namespace ?? ''
    const keep = query.get('dryRun') !== 'All'
    if (place.subresource === 'log') return this.#answerLog(place, query, response)
    if (place.subresource !== null) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
    const asTable = request.headers.accept?.includes('as=Table') ?? false
    const show = (object: Change['object'], code = 200) =>
      reply(response, asTable ? tableOf([object], this.store.version) : object, code)
    switch (request.method) {
      case 'GET':
        if (name !== null) return show(this.store.get(resource, namespace, name))
        if (query.get('watch') === 'true') return this.#watch(selectionOf(place, query), query, response)
        return reply(response, this.#list(selectionOf(place, query), asTable))
      case 'POST':
        return show(this.store.create(resource, namespace, await bodyOf(request), keep), 201)
      case 'PUT':
        return show(this.store.replace(resource, namespace, name ?? '', await bodyOf(request), keep))
      case 'PATCH':
        return this.#patch(place, await bodyOf(request), request.headers['content-type'] ?? '', keep, show)
      case 'DELETE':
        if (name !== null) return reply(response, this.store.delete(resource, namespace, name, keep))
        for (const { metadata } of this.store.list(selectionOf(place, query)))
          this.store.delete(resource, metadata.namespace ?? '', metadata.name ?? '', keep)
        return reply(response, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })
      default:
        throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
    }
  }

  /** Merge and strategic merge patches, and configurations that are applied: those create what is not there. */
  #patch(
    place: Place,
    patch: KubernetesObject,
    type: string,
    keep: boolean,
    show: (object: Change['object'], code?: number) => void,
  ) {
    const { resource, namespace, name } = place
    if (type.startsWith('application/json-patch'))
      throw new StatusError(415, 'UnsupportedMediaType', 'this server has no JSON patches')
    const known = this.store.list({ resource, namespace, name, labels: {} })[0]
    if (known === undefined && type.startsWith('application/apply-patch'))
      return show(this.store.create(resource, namespace ?? '', patch, keep), 201)
    const merged = mergePatch(this.store.get(resource, namespace ?? '', name ?? ''), patch) as KubernetesObject
    return show(this.store.replace(resource, namespace ?? '', name ?? '', merged, keep))
  }

  #list(selection: Selection, asTable: boolean): object {
    const { kind, version: apiVersion } = selection.resource
    const items = this.store.list(selection)
    const { version: resourceVersion } = this.store
    return asTable ? tableOf(items, resourceVersion) : { kind: `${kind}List`, apiVersion, metadata: { resourceVersion }, items }
  }

  #watch(selection: Selection, query: URLSearchParams, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    const tell = ({ type, resource, object }: Change) => {
      if (resource === selection.resource && selects(selection, object)) response.write(`${JSON.stringify({ type, object })}\n`)
    }
    const from = Number(query.get('resourceVersion') ?? '0')
    for (const change of this.store.history) if (change.version > from) tell(change)
    this.store.news.on('change', tell)
    const seconds = Number(query.get('timeoutSeconds') ?? '0')
    const timer = seconds > 0 ? setTimeout(() => response.end(), seconds * 1000) : undefined
    response.once('close', () => {
      clearTimeout(timer)
      this.store.news.off('change', tell)
    })
  }

  #answerLog({ resource, namespace, name }: Place, query: URLSearchParams, response: ServerResponse): void {
    const pod = name ?? ''
    this.store.get(resource, namespace ?? '', pod)
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write(this.#logs.get(pod) ?? '')
    if (query.get('follow') !== 'true') return void response.end()
    const tell = (of: string, text: string) => {
      if (of === pod) response.write(text)
    }
    this.#logged.on('text', tell)
    response.once('close', () => this.#logged.off('text', tell))
  }
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'https://stand-in')
}

async function bodyOf(request: IncomingMessage): Promise<KubernetesObject> {
  return (await json(request)) as KubernetesObject
}

function reply(response: ServerResponse, body: object, code = 200): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function resourceOf(name: string): Resource {
  const resource = resources.find((each) => each.name === name)
  if (resource === undefined) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
  return resource
}

/** @throws StatusError */
function placeOf(path: string): Place {
  const found = /^\/apis?\/(v1|apps\/v1)(?:\/namespaces\/([^/]+)(?=\/))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(path)
  const [, version, namespace = null, kind = '', name = null, subresource = null] = found ?? []
  const resource = resourceOf(kind)
  if (resource.version !== version) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
  return { resource, namespace, name, subresource }
}

function selectionOf({ resource, namespace }: Place, query: URLSearchParams): Selection {
  const pairs = (query.get('labelSelector') ?? '').split(',').filter((pair) => pair !== '')
  const labels = Object.fromEntries(pairs.map((pair) => pair.split(/==?/, 2) as [string, string]))
  const name = /^metadata\.name=(.+)$/.exec(query.get('fieldSelector') ?? '')?.[1] ?? null
  return { resource, namespace, labels, name }
}

/** The documents by which clients find out what there is; null: the path is none of them. */
function discovery(path: string): object | null {
  const group = { groupVersion: 'apps/v1', version: 'v1' }
  if (path === '/version') return { major: '1', minor: '35', gitVersion: 'v1.35.0', platform: 'linux/amd64' }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis')
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: [{ name: 'apps', versions: [group], preferredVersion: group }] }
  const version = /^\/apis?\/(v1|apps\/v1)$/.exec(path)?.[1]
  if (version === undefined) return null
  const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
  const known = resources.filter((resource) => resource.version === version)
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: version,
    resources: known.map(({ name, kind, namespaced }) => ({ name, singularName: '', kind, namespaced, verbs })),
  }
}
