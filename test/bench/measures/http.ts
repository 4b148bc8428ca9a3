import { quantile } from '../figures.ts'
import { startForked } from '../forked.ts'
import { type HttpCandidate, startHttpCandidates, stopHttpCandidates } from '../http/candidates.ts'
import { arrayMegabytes, bodyMegabytes, paths, watchEvents } from '../http/content.ts'
import type { LoadResult, LoadTask } from '../http/load.ts'
import { startLoadGenerator } from '../http/load-generator.ts'
import { ProcessorWatch } from '../processor-time.ts'
import { inTurns, type Stage } from '../stage.ts'

export const httpConnections = [1, 8, 64] as const
/** Seconds of each candidate before anything is measured. */
const warmUp = 6

export const httpPoints = {
  down: `${bodyMegabytes} MB down`,
  up: `${bodyMegabytes} MB up`,
  array: `${arrayMegabytes} MB of JSON, a field of each record masked`,
  watch: `a watch of ${watchEvents} events`,
} as const

export function requestsPoint(connections: number, masked = false): string {
  return `${masked ? '1 kB, a field masked' : 'small answers'}, ${connections} connection${connections === 1 ? '' : 's'}`
}

interface HttpLoad extends Pick<LoadTask, 'kind'> {
  readonly point: string
  readonly path: string
  readonly way: keyof HttpCandidate['ways']
  readonly connections?: number
}

const transfers: readonly HttpLoad[] = [
  { point: httpPoints.watch, kind: 'watch', path: paths.watch, way: 'plain' },
  { point: httpPoints.down, kind: 'down', path: paths.bytes, way: 'plain' },
  { point: httpPoints.up, kind: 'up', path: paths.bytes, way: 'plain' },
  { point: httpPoints.array, kind: 'down', path: paths.customers, way: 'masked' },
]

/** Requests, bodies and a watch, through a service and candidates of its own. */
export async function measureHttp({
  figures,
  rounds,
  seconds,
  names,
}: Pick<Stage, 'figures' | 'rounds' | 'seconds'> & { readonly names: readonly string[] }): Promise<void> {
  await using parts = new AsyncDisposableStack()
  const service = await startForked('http/service.ts', [])
  parts.defer(async () => void (await service.stop()))
  const load = await startLoadGenerator()
  parts.defer(async () => void (await load.stop()))
  const candidates = await startHttpCandidates(service.port, names)
  parts.defer(() => stopHttpCandidates(candidates))

  const measure = (wanted: HttpLoad, times: number, time = seconds) =>
    inTurns(candidates, times, async ({ name, ways, programs }) => {
      const { point, kind, path, connections = 1 } = wanted
      const { origin, headers } = ways[wanted.way]
      const watch = new ProcessorWatch(Object.values(programs))
      try {
        const url = `${origin}${path}?point=${encodeURIComponent(point)}`
        const result = await load.run({ url, headers, kind, connections, seconds: time })
        figures.add({ point, candidate: name, statements: result.requests, figures: figuresOf(result, watch) })
      } finally {
        watch.stop()
      }
    })

  for (const masked of [false, true]) {
    const requests = (connections: number): HttpLoad => ({
      kind: 'requests',
      point: requestsPoint(connections, masked),
      path: masked ? paths.customer : paths.order,
      way: masked ? 'masked' : 'plain',
      connections,
    })
    // What runs for weeks is compiled: its first seconds are counted, and shown nowhere.
    await measure({ ...requests(8), point: `warm-up, ${requestsPoint(8, masked)}` }, 1, warmUp)
    for (const connections of masked ? [8] : httpConnections) await measure(requests(connections), rounds)
  }
  for (const transfer of transfers) await measure(transfer, rounds)
  for (const candidate of candidates) await figures.count(candidate, figures.uncounted(candidate.name))
}

function figuresOf({ requests, took, ends, latencies }: LoadResult, watch: ProcessorWatch): Record<string, number> {
  return {
    seconds: took / 1000,
    rate: (requests * 1000) / took,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    processor: watch.forEach(ends),
  }
}
