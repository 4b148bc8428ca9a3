import { execa } from 'execa'

/** What a program of `programs` tells of each of its cases, by the case's name. */
export type Parts = ReadonlyMap<string, readonly string[]>

/** Where a program is to connect: straight to the server, or to a port that `hoop connect` opened. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/** Runs a program with `HOST PORT USER PASSWORD DATABASE [CASE…]`; each case begins with a line `## NAME`, one that failed ends with `FAILED …`. */
export async function runParts(command: readonly string[], target: Target, cases: readonly string[] = []): Promise<Parts> {
  const [program = '', ...words] = command
  const { host, port, user, password, database } = target
  const { stdout } = await execa(program, [...words, host, String(port), user, password, database, ...cases], {
    timeout: 540_000,
  })
  const parts = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of stdout.split('\n')) {
    if (line.startsWith('## ')) {
      lines = []
      parts.set(line.slice('## '.length), lines)
    } else lines.push(line)
  }
  return parts
}

/** A connection string's parts. */
export function targetOf(url: string): Target {
  const { hostname, port, username, password, pathname } = new URL(url)
  const [user, secret] = [username, password].map(decodeURIComponent) as [string, string]
  return { host: hostname, port: Number(port), user, password: secret, database: pathname.slice(1) }
}
