import { readdir, readFile } from 'node:fs/promises'
import { allDetectors } from '../detectors/all-kinds.ts'
import { baseline } from '../detectors/baseline.ts'
import { byDetectors, byExpressions, judge } from '../detectors/quality.ts'
import { corpus } from '../detectors/values.ts'
import type { Stage } from '../stage.ts'

export const detectorsPoint = 'detectors, all kinds'
export const detectorsCandidates = { detectors: 'hoop', expressions: 'regular expressions' } as const
export const qualityPoint = 'detectors, found'
const seed = 1
const each = 500
const bytesOfText = 16 * 1024 * 1024
const chunk = 64 * 1024

/** All kinds over ordinary text, the pages of the documentation, in processor time; and what is found of a generated corpus. */
export async function measureDetectors({ figures, rounds }: Pick<Stage, 'figures' | 'rounds'>): Promise<void> {
  const detectors = allDetectors()
  const text = await ordinaryText()
  const chunks = Array.from({ length: Math.floor(text.length / chunk) }, (_, n) => text.subarray(n * chunk, (n + 1) * chunk))
  const expressions = Object.values(baseline)
  const candidates = {
    [detectorsCandidates.detectors]: () => {
      for (const bytes of chunks) detectors.find(bytes, 0, bytes.length)
    },
    // A sixteenth of it: enough to see how fast they are.
    [detectorsCandidates.expressions]: () => {
      for (const bytes of chunks.slice(0, chunks.length / 16)) {
        const decoded = bytes.toString('latin1')
        for (const expression of expressions) for (const _ of decoded.matchAll(expression));
      }
    },
  }
  const sizes = { [detectorsCandidates.detectors]: 1, [detectorsCandidates.expressions]: 1 / 16 }
  // The first rounds are for the compiler.
  for (let round = -3; round < rounds; round++) {
    for (const [candidate, look] of Object.entries(candidates)) {
      const began = process.cpuUsage()
      look()
      const { user, system } = process.cpuUsage(began)
      const megabytes = (text.length / 1e6) * (sizes[candidate as keyof typeof sizes] ?? 1)
      const rate = megabytes / ((user + system) / 1e6)
      if (round >= 0) figures.add({ point: detectorsPoint, candidate, figures: { rate }, statements: 0 })
    }
  }
  const samples = corpus(seed, each)
  const regular = new Map(judge(samples, byExpressions).map((quality) => [quality.kind, quality]))
  for (const { kind, precision, recall } of judge(samples, byDetectors(detectors))) {
    const { precision: regularPrecision = Number.NaN, recall: regularRecall = Number.NaN } = regular.get(kind) ?? {}
    figures.add({
      ...{ point: qualityPoint, candidate: kind, statements: 0 },
      figures: { precision, recall, regularPrecision, regularRecall },
    })
  }
}

async function ordinaryText(): Promise<Buffer> {
  const folder = new URL('../../../docs/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).toSorted()
  const pages = Buffer.concat(await Promise.all(names.map((name) => readFile(new URL(name, folder)))))
  return Buffer.concat(Array.from({ length: Math.ceil(bytesOfText / pages.length) }, () => pages)).subarray(0, bytesOfText)
}
