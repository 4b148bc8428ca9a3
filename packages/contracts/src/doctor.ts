import { z } from 'zod'

/** What `hoop doctor` looks at, in its order; the first word of every check. */
export const doctorSections = ['reachability', 'tls', 'login', 'role', 'databases', 'gateway'] as const
const check = z.templateLiteral([z.enum(doctorSections), '.', z.string().regex(/^[a-z-]+$/)])

/** One thing that was looked at. */
export const DoctorFinding = z.object({
  /** Stable: `tls.certificate`, `role.superuser`. */
  check,
  status: z.enum(['ok', 'warning', 'problem', 'not-checked']),
  /** What was found, or why it was not checked; names no address, role or certificate. */
  words: z.string(),
  /** The database that it is about; null: the server, or the connection as a whole. */
  database: z.string().nullable(),
  /** The names and addresses that `words` leaves out. Empty for whoever may only use the connection, as are `advice` and `statements`. */
  details: z.array(z.string()),
  /** What to do. */
  advice: z.string().nullable(),
  /** SQL that an admin of the database would run, each name quoted as it must be. */
  statements: z.array(z.string()),
})
export type DoctorFinding = z.infer<typeof DoctorFinding>

/** POST /v1/connections/:name/doctor: checks the connection now. */
export const DoctorReport = z.object({
  connection: z.string(),
  at: z.iso.datetime(),
  /** False: only what somebody who uses the connection may see. */
  complete: z.boolean(),
  /** Whether a login to the default database worked. */
  available: z.boolean(),
  findings: z.array(DoctorFinding),
})
export type DoctorReport = z.infer<typeof DoctorReport>

type More = Partial<Pick<DoctorFinding, 'database' | 'details' | 'advice' | 'statements'>>

/** A finding; what is left out is nothing. */
export function finding(
  check: DoctorFinding['check'],
  status: DoctorFinding['status'],
  words: string,
  more: More = {},
): DoctorFinding {
  return { check, status, words, database: null, details: [], advice: null, statements: [], ...more }
}
