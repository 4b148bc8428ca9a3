import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DemoUserName, demoUsers } from '../identity-provider/users.ts'
import { startHoop } from '../programs/hoop.ts'
import { logIn } from '../programs/login.ts'
import type { Program, Run } from '../programs/program.ts'
import type { Client } from './client.ts'
import type { Screen } from './screen.ts'

/** One user at their own terminal: a home folder of their own, and the real command line. */
export class Caller {
  readonly name: DemoUserName
  readonly home: string
  readonly #screen: Screen
  readonly #client: Client
  readonly #signal: AbortSignal

  constructor(name: DemoUserName, tools: { people: string; screen: Screen; client: Client; signal: AbortSignal }) {
    this.name = name
    this.home = join(tools.people, name)
    this.#screen = tools.screen
    this.#client = tools.client
    this.#signal = tools.signal
  }

  /** Runs `hoop login`; the demo does in the identity provider's pages what the person would do in the browser. */
  async logIn(gateway: string): Promise<void> {
    await mkdir(this.home, { recursive: true, mode: 0o700 })
    const user = demoUsers.find((each) => each.name === this.name)
    if (user === undefined) throw new Error(`nobody is called ${this.name}`)
    this.#screen.command(this.name, `hoop login ${gateway} --no-open`)
    const onLine = (line: string) => this.#screen.output(line)
    await logIn({ gateway, home: this.home, user, json: false, signal: this.#signal, onLine })
  }

  /** Starts `hoop …`, shown as it goes. */
  start(...args: string[]): Promise<Program> {
    this.#screen.command(this.name, ['hoop', ...args].map(quoted).join(' '))
    return startHoop(args, { home: this.home, signal: this.#signal, onLine: (line) => this.#screen.output(line) })
  }

  async run(...args: string[]): Promise<Run> {
    return this.#finished(await this.start(...args))
  }

  /** Runs `hoop …` for us, not shown. */
  async ask(...args: string[]): Promise<Run> {
    return this.#finished(await startHoop(args, { home: this.home, signal: this.#signal }))
  }

  /** Starts a statement through `hoop exec sample`. */
  startStatement(statement: string, reason?: string): Promise<Program> {
    return this.start('exec', 'sample', ...(reason === undefined ? [] : ['--reason', reason]), '--', ...this.#client(statement))
  }

  async statement(statement: string, reason?: string): Promise<Run> {
    return this.#finished(await this.startStatement(statement, reason))
  }

  async #finished(program: Program): Promise<Run> {
    const run = await program.finish()
    this.#signal.throwIfAborted()
    return run
  }
}

/** As a shell would need it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
