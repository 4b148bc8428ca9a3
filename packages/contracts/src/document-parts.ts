import { z } from 'zod'

/** Names of documents: DNS labels, so that they fit in URLs, file names and environment variables. */
export const DocumentName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'a name is 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit',
  )

/** `15m`, `4h`, `400d`. */
export const Duration = z.string().regex(/^[1-9][0-9]*(s|m|h|d)$/, 'a duration is a number and s, m, h or d, as in 15m')
const durationUnits = { s: 1, m: 60, h: 3600, d: 86400 } as const
/** Seconds of a `Duration`. */
export function seconds(duration: string): number {
  const unit = duration.at(-1) as keyof typeof durationUnits
  return Number(duration.slice(0, -1)) * durationUnits[unit]
}

export const Labels = z.record(z.string(), z.string())

/** A secret: encrypted in the store, or only referenced. */
export const Secret = z.union([
  z.string().min(1),
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
])
export type Secret = z.infer<typeof Secret>
