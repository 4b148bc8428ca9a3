import type { Sample, Stoppable } from '../../support/index.ts'

/** Beside the direct connection, which all others are compared with. */
export const candidateNames = ['pgbouncer', 'proxy', 'bare', 'tunnel', 'hoop', 'agent'] as const
export type CandidateName = (typeof candidateNames)[number] | 'direct'

/** One way to the sample database. No candidate has TLS on any of its legs. */
export interface Candidate extends Stoppable {
  readonly name: CandidateName
  /** For libpq and drivers, with the password. */
  readonly url: string
  /** Process ids by name: those whose time and memory are the candidate's. */
  readonly programs: Readonly<Record<string, number>>
  /** Operations on the record by the application that sent them; null: it keeps none. */
  readonly recorded: (() => Promise<ReadonlyMap<string, number>>) | null
}

/**
 * What lies between the caller's side and what it talks to: takes the port of the one and answers the port for the other. Of two programs it
 * is the network between them, of one the network before it.
 */
export type Way = (port: number) => Promise<number>

/** Nothing: both are on one machine. */
export const noWay: Way = async (port) => port

/** The sample's own role at this port of this machine. */
export function plainUrl({ user, password, database }: Sample, port: number): string {
  return `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}?sslmode=disable`
}

export async function direct(sample: Sample, way: Way): Promise<Candidate> {
  return {
    name: 'direct',
    url: plainUrl(sample, await way(sample.port)),
    programs: {},
    recorded: null,
    stop: async () => {},
  }
}
