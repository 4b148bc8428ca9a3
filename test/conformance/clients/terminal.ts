import { execa, type Options } from 'execa'
import { expect } from 'vitest'

/** A program as a person has it before them: in a terminal of its own, where Ctrl-C is a signal. */
export interface Terminal {
  /** Everything shown so far. */
  readonly shown: string
  type(text: string): void
  /** Waits until what is shown since the last call matches. */
  shows(pattern: RegExp): Promise<void>
  /** Types what ends the program, and waits for its end. */
  end(text: string): Promise<number | undefined>
}

export const controlC = '\x03'

/**
 * Opens a program with its arguments, quoted as for a shell, in a pseudo terminal, which util-linux's `script` makes. The program takes the
 * place of the shell: `script` starts the one of $SHELL, and a shell that waits in the same terminal may end by Ctrl-C itself (dash: 130).
 */
export function openTerminal(command: string, env: Options['env'] = {}): Terminal {
  const child = execa('script', ['--quiet', '--return', '--command', `exec ${command}`, '/dev/null'], {
    env: { TERM: 'dumb', ...env },
    stdin: 'pipe',
    reject: false,
    timeout: 120_000,
  })
  let shown = ''
  let seen = 0
  child.stdout.on('data', (bytes: Buffer) => (shown += bytes))
  return {
    get shown() {
      return shown
    },
    type: (text) => void child.stdin.write(text),
    async shows(pattern) {
      await expect.poll(() => shown.slice(seen), { timeout: 30_000 }).toMatch(pattern)
      const found = pattern.exec(shown.slice(seen))
      seen += (found?.index ?? 0) + (found?.[0].length ?? 0)
    },
    async end(text) {
      child.stdin.end(text)
      return (await child).exitCode
    },
  }
}
