import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import type { SamplePostgres } from './sample-postgres.ts'

/** The sample shop's own REST service, on the sample's rows. */
export interface ShopApi {
  readonly host: string
  readonly port: number
  /** Whom it lets in: `Authorization: Bearer …`. New at each start. */
  readonly token: string
  close(): Promise<void>
}

interface Route {
  readonly method: string
  readonly path: RegExp
  /** One JSON value, or no row: 404. */
  readonly statement: string
}

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/v1\/customers\/(\d{1,9})$/,
    statement: `SELECT json_build_object('id', c.id, 'full_name', c.full_name, 'email', c.email, 'phone', c.phone, 'city', c.city, 'cards',
      (SELECT json_agg(json_build_object('network', k.network, 'number', k.card_number)) FROM cards k WHERE k.customer_id = c.id))
      FROM customers c WHERE c.id = $1`,
  },
  {
    method: 'DELETE',
    path: /^\/v1\/customers\/(\d{1,9})$/,
    statement: `DELETE FROM customers WHERE id = $1 RETURNING json_build_object('deleted', id)`,
  },
  {
    method: 'POST',
    path: /^\/v1\/orders\/(\d{1,9})\/refund$/,
    statement: `UPDATE orders SET status = 'refunded' WHERE id = $1 RETURNING json_build_object('id', id, 'status', status)`,
  },
]

/** Starts the service on a free port of this machine. */
export async function startShopApi(sample: Pick<SamplePostgres, 'server' | 'database'>): Promise<ShopApi> {
  const token = randomBytes(18).toString('base64url')
  const pool = new pg.Pool({ connectionString: sample.server.url(sample.database), max: 2 })
  // Told by the query that is under way.
  pool.on('error', () => {})
  const server = createServer((request, response) => {
    answer(pool, token, request, response).catch((error: unknown) => {
      send(response, 500, { error: error instanceof Error ? error.message : String(error) })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  return {
    host: address,
    port,
    token,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await pool.end()
    },
  }
}

async function answer(pool: pg.Pool, token: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume()
  if (!isEqual(request.headers.authorization ?? '', `Bearer ${token}`)) return send(response, 401, { error: 'who are you?' })
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  for (const route of routes) {
    const id = route.method === request.method ? route.path.exec(path)?.[1] : undefined
    if (id === undefined) continue
    const { rows } = await pool.query<unknown[]>({ text: route.statement, values: [id], rowMode: 'array' })
    return rows.length === 0 ? send(response, 404, { error: 'there is none of that number' }) : send(response, 200, rows[0]?.[0])
  }
  send(response, 404, { error: 'nothing is offered there' })
}

function isEqual(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
