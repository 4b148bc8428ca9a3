import { fileURLToPath } from 'node:url'
import { Program, type ProgramOptions, type Run } from './program.ts'

/** The command line as it is shipped. */
export const hoopBin = fileURLToPath(new URL('../../../cli/bin/hoop.js', import.meta.url))

export interface HoopOptions extends Omit<ProgramOptions, 'env'> {
  /** HOOP_HOME: whose login is used. */
  readonly home: string
  /** Beside what every run has. */
  readonly env?: Readonly<Record<string, string>>
  /** Ended after so many milliseconds; 60,000 if absent. */
  readonly limit?: number
}

/**
 * The environment of a program of ours: where things are, and nothing that the caller's shell says about hoop or PostgreSQL.
 * Logins go to a file in the home, never to the person's own keychain.
 */
export function hoopEnvironment(
  home: string,
  own: NodeJS.ProcessEnv,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const passed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ', 'NODE_COMPILE_CACHE'].flatMap((name) => {
    const value = own[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(passed), HOOP_HOME: home, HOOP_CREDENTIAL_STORE: 'file', NO_COLOR: '1', ...more }
}

/** Starts `hoop …` with the Node that runs us. */
export function startHoop(args: readonly string[], { home, env, ...options }: HoopOptions): Promise<Program> {
  return Program.start(process.execPath, [hoopBin, ...args], { ...options, env: hoopEnvironment(home, process.env, env) })
}

/** Runs `hoop …` to its end. */
export async function runHoop(args: readonly string[], options: HoopOptions): Promise<Run> {
  return (await startHoop(args, options)).finish(options.limit)
}
