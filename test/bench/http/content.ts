/** What the service of the bench has, and how much of it. */

export const bodyMegabytes = 300
export const arrayMegabytes = 100
export const watchEvents = 5_000
/** Events of the watch in a millisecond. */
export const watchRate = 2

export const paths = {
  order: '/orders/4711',
  /** 1 kB, one field of which is masked. */
  customer: '/customers/4711',
  customers: '/customers',
  bytes: '/bytes',
  watch: '/watch',
} as const

export const order = JSON.stringify({
  id: 4711,
  customer: 17,
  status: 'shipped',
  placedAt: '2026-11-02T09:12:44Z',
  items: 3,
  cents: 12_990,
})

export const customer = JSON.stringify({
  id: 4711,
  name: 'Ada Example',
  iban: 'DE02120300000000202051',
  address: {
    street: 'Long Street 12',
    city: 'Exampleton',
    country: 'DE',
    note: 'Ring twice, and leave parcels with the neighbour.',
  },
  orders: Array.from({ length: 12 }, (_, n) => ({
    id: 40_000 + n,
    status: 'shipped',
    cents: 1_000 * n,
    items: n,
    priority: false,
  })),
})

/** An event as the API server of Kubernetes writes it in a watch: of half a kilobyte, and when it was sent. */
export function watchEvent(n: number, sent: number): string {
  const metadata = {
    name: `worker-${n}`,
    namespace: 'bench',
    resourceVersion: String(100_000 + n),
    labels: { app: 'worker', tier: 'batch' },
  }
  const conditions = ['Ready', 'Initialized', 'ContainersReady'].map((type) => ({ type, status: 'True', reason: 'AllIsWell' }))
  const object = { kind: 'Pod', apiVersion: 'v1', metadata, status: { phase: 'Running', podIP: '10.0.0.17', conditions } }
  return `${JSON.stringify({ type: 'MODIFIED', sent, object })}\n`
}

/** Milliseconds since 1970, finer than one: the same for all processes of the machine. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
