import { readRequestText } from '../http/text-reading.ts'
import type { KubernetesUpstream } from '../protocol.ts'
import type { OpenReading } from '../reading.ts'
import { kubernetesDialect } from './dialect.ts'

/** Reads requests that are written out, as the record shows them. */
export const openReading: OpenReading<KubernetesUpstream> = async (context) => {
  const dialect = kubernetesDialect(await context.upstream())
  return async (text) => readRequestText(text, 'kubernetes', dialect)
}
