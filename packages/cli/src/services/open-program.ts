import { spawn } from 'node:child_process'
import { HoopError } from '@hoop/contracts/errors'
import { withoutSecrets } from '../credentials/secret-variables.ts'
import { type Endpoint, environmentOf } from './endpoints.ts'
import { runCommand } from './run-command.ts'

/** What `--open` knows. psql and pgcli take this terminal until they end. */
export type Openable = TerminalProgram | 'dbeaver'
type TerminalProgram = 'psql' | 'pgcli'

/** Runs the program here; gives its exit code. */
export function openInTerminal(program: TerminalProgram, endpoint: Endpoint): Promise<number> {
  return runCommand([program], environmentOf(endpoint))
}

/**
 * Opens the connection in a program with windows of its own, which goes on when we end. The password comes from the password file, never as an argument, which
 * every user of the machine could read. https://github.com/dbeaver/dbeaver/wiki/Command-Line
 */
export async function openInWindow(endpoint: Endpoint, passwordFile: string): Promise<void> {
  const { connection, host, port, database, user } = endpoint
  const about = {
    name: `hoop ${connection}`,
    driver: 'postgresql',
    host,
    port,
    database,
    user,
    auth: 'postgres_pgpass',
    connect: true,
  }
  const specification = Object.entries(about).map(([name, value]) => `${name}=${value}`)
  const child = spawn('dbeaver', ['-con', specification.join('|')], {
    detached: true,
    stdio: 'ignore',
    env: { ...withoutSecrets(process.env), PGPASSFILE: passwordFile },
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) => {
      reject(
        new HoopError('invalid_request', `dbeaver cannot be run: ${cause.message}`, {
          hint: 'is it installed, and on the PATH?',
          cause,
        }),
      )
    })
  })
  child.unref()
}
