import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { HoopError } from '@hoop/contracts/errors'
import { withoutSecrets } from '../credentials/secret-variables.ts'
import { isErrno } from '../state/folder.ts'

/** A program, looked up on the PATH, and its arguments. */
export type Command = readonly [string, ...string[]]

/** Runs a command on this terminal with a connection in its environment; gives its exit code, 128+n if signal n ended it. */
export async function runCommand([file, ...args]: Command, environment: Record<string, string | undefined>): Promise<number> {
  const env = withOwnExceptions({ ...withoutSecrets(process.env), ...environment })
  const child = spawn(file, args, { stdio: 'inherit', env })
  const stopForwarding = forwardSignals(child)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(notRunnable(file, error)))
      child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]))
    })
  } finally {
    stopForwarding()
  }
}

/** What is reached without a proxy here stays so: the local port is one place more. */
function withOwnExceptions(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const own = process.env[name]
    if (own && env[name] && env[name] !== own) env[name] = `${own},${env[name]}`
  }
  return env
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
/** A terminal sends these to the command itself; a second copy would mean something else to many programs. */
const sentByTerminal: readonly string[] = ['SIGINT', 'SIGQUIT']

function forwardSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals) => {
    if (process.stdin.isTTY && sentByTerminal.includes(signal)) return
    child.kill(signal)
  }
  const known = forwarded.filter((signal) => process.platform !== 'win32' || signal === 'SIGINT' || signal === 'SIGTERM')
  for (const signal of known) process.on(signal, forward)
  return () => {
    for (const signal of known) process.off(signal, forward)
  }
}

function notRunnable(file: string, error: Error): Error {
  if (!isErrno(error, 'ENOENT', 'EACCES', 'ENOEXEC')) return error
  // A folder on the PATH that may not be entered makes EACCES of a command that is nowhere.
  const nowhere = error.code === 'ENOENT' || (error.code === 'EACCES' && !file.includes('/'))
  const why = nowhere ? 'there is no such command' : error.message
  return new HoopError('invalid_request', `${file} cannot be run: ${why}`, {
    hint: 'is it installed, and on the PATH?',
    cause: error,
  })
}
