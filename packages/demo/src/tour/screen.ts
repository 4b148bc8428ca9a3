import { Chalk } from 'chalk'

/** How the demo speaks: what it does, the command lines it runs, what came back, and whether that is right. */
export interface Screen {
  heading(text: string): void
  say(text: string): void
  command(who: string, line: string): void
  /** One line that a command printed. */
  output(line: string): void
  check(what: string, passed: boolean): void
  readonly failures: number
}

/** Control characters that a terminal would obey. */
const control = /[\u0000-\u001f\u007f-\u009f]/g

export function screenOn(stream: NodeJS.WriteStream, colours: boolean): Screen {
  const paint = colours ? new Chalk() : new Chalk({ level: 0 })
  const write = (line: string) => stream.write(`${line.trimEnd()}\n`)
  let failures = 0
  return {
    heading: (text) => write(`\n${paint.bold(text)}`),
    say: (text) => write(`  ${text}`),
    command: (who, line) => write(`  ${paint.cyan(`${who} $`)} ${line}`),
    output: (line) => write(paint.dim(`  │ ${line.replace(control, ' ')}`)),
    check: (what, passed) => {
      if (!passed) failures++
      write(passed ? `  ${paint.green('✓')} ${what}` : `  ${paint.red('✗')} ${what}`)
    },
    get failures() {
      return failures
    },
  }
}
