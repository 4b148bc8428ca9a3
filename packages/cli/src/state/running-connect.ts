import { z } from 'zod'

/** One port or socket of a running `hoop connect`. */
const RunningEndpoint = z.object({
  connection: z.string(),
  host: z.string(),
  port: z.int(),
  url: z.string(),
  session: z.string(),
  /** The file that programs are configured by; absent: of an older hoop. */
  configuration: z.string().nullable().default(null),
})

/** A `hoop connect` of this user on this machine, as it describes itself. */
export const RunningConnect = z.object({
  pid: z.int().positive(),
  gateway: z.string(),
  since: z.iso.datetime(),
  background: z.boolean(),
  /** Where a detached one writes what it would show. */
  log: z.string().nullable(),
  /** `up`; `away`: streams wait for the network; `lost`: a new tunnel is being opened. */
  tunnel: z.enum(['up', 'away', 'lost']),
  endpoints: z.array(RunningEndpoint),
})
export type RunningConnect = z.infer<typeof RunningConnect>
