import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'

/** How a program ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What a finished program gave. */
export interface Run extends Exit {
  readonly stdout: string
  readonly stderr: string
}

export type Source = 'stdout' | 'stderr'

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Shown as it comes. */
  readonly onLine?: (line: string, source: Source) => void
  /** Fed to the program's input, which is closed after it; absent: no input. */
  readonly input?: string
  /** A channel to us whose end tells the program that we are gone. */
  readonly channel?: boolean
  /** Asks the program to end. */
  readonly signal?: AbortSignal
}

/** The most of each output that is kept; what a program says beyond it is shown but forgotten. */
const kept = 8 * 1024 * 1024

/** A program that we started, in a process group of its own, so that Ctrl-C in the terminal is ours to handle. */
export class Program {
  readonly command: string
  readonly pid: number
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #lines: Record<Source, string[]> = { stdout: [], stderr: [] }
  readonly #sizes: Record<Source, number> = { stdout: 0, stderr: 0 }
  readonly #news = new EventEmitter().setMaxListeners(0)
  #ended = false

  /** @throws when the program cannot be started. */
  static async start(file: string, args: readonly string[], options: ProgramOptions): Promise<Program> {
    const child = spawn(file, args, {
      env: options.env,
      stdio: [
        options.input === undefined ? 'ignore' : 'pipe',
        'pipe',
        'pipe',
        ...(options.channel === true ? (['ipc'] as const) : []),
      ],
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    await once(child, 'spawn')
    child.stdin?.end(options.input)
    return new Program(child, [file, ...args].join(' '), options)
  }

  private constructor(child: ChildProcess, command: string, { onLine, signal }: ProgramOptions) {
    this.#child = child
    this.command = command
    this.pid = child.pid ?? 0
    for (const source of ['stdout', 'stderr'] as const) {
      const input = child[source]
      if (input === null) continue
      createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
        this.#sizes[source] += line.length
        if (this.#sizes[source] <= kept) this.#lines[source].push(line)
        onLine?.(line, source)
        this.#news.emit('news')
      })
    }
    // Whoever ends without stopping its programs takes them along.
    const atExit = () => child.kill('SIGTERM')
    process.once('exit', atExit)
    const onAbort = () => this.kill('SIGTERM')
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    this.exited = once(child, 'close').then(([code, by]) => {
      this.#ended = true
      process.removeListener('exit', atExit)
      signal?.removeEventListener('abort', onAbort)
      this.#news.emit('news')
      return { code, signal: by } as Exit
    })
  }

  get running(): boolean {
    return !this.#ended
  }

  /** All lines of an output so far. */
  output(source: Source): string {
    return this.#lines[source].map((line) => `${line}\n`).join('')
  }

  /**
   * The first answer of `find` on a line of this output that is not undefined.
   * @throws when the program ends before, or after `limit` ms, with what it said.
   */
  async find<T>(source: Source, find: (line: string) => T | undefined, limit = 30_000): Promise<T> {
    const timeout = AbortSignal.timeout(limit)
    for (let read = 0; ; ) {
      const lines = this.#lines[source]
      while (read < lines.length) {
        const found = find(lines[read++] ?? '')
        if (found !== undefined) return found
      }
      if (this.#ended || timeout.aborted) throw this.#failure(this.#ended ? 'ended' : `did not say so within ${limit / 1000} s`)
      await once(this.#news, 'news', { signal: timeout }).catch(() => {})
    }
  }

  #failure(how: string): Error {
    const words = `${this.output('stdout')}${this.output('stderr')}`.trim().split('\n').slice(-20).join('\n')
    return new Error(`${this.command} ${how}${words === '' ? '' : `:\n${words}`}`)
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#ended) this.#child.kill(signal)
  }

  /** Asks the program to end, and ends it after `limit` ms. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', limit = 15_000): Promise<Exit> {
    this.kill(signal)
    const timer = setTimeout(() => this.kill('SIGKILL'), limit)
    try {
      return await this.exited
    } finally {
      clearTimeout(timer)
    }
  }

  /** Waits for the end; a program that does not end within `limit` ms is ended. */
  async finish(limit = 60_000): Promise<Run> {
    const timer = setTimeout(() => this.kill('SIGKILL'), limit)
    const exit = await this.exited
    clearTimeout(timer)
    return { ...exit, stdout: this.output('stdout'), stderr: this.output('stderr') }
  }
}
