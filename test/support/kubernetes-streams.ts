import { spawn } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const
/** Newest first, as an API server chooses. */
const subprotocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

/** exec, attach and port-forward over WebSocket; they end with `stop`. SPDY is answered with an error. */
export class Streams {
  /** Sizes that callers gave to terminals, as they said them. */
  readonly sizes: string[] = []
  readonly #folder: string
  readonly #server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => subprotocols.find((name) => offered.has(name)) ?? false,
  })
  readonly #ends = new Set<() => void>()

  /** @param folder where commands run. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Takes an upgrade to `pods/exec`, `attach` or `portforward`. */
  take(kind: string, query: URLSearchParams, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (channel) => {
      channel.on('error', () => channel.terminate())
      if (kind === 'portforward') this.#forward(channel, query.getAll('ports').map(Number))
      else this.#run(channel, kind === 'attach' ? ['cat'] : query.getAll('command'), query.get('tty') === 'true')
    })
  }

  stop(): void {
    for (const end of this.#ends) end()
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
  }

  /** With a terminal, errors come with the output: there is no pseudo terminal behind it. */
  #run(channel: WebSocket, [program = '', ...args]: readonly string[], tty: boolean): void {
    // A group of its own, so that what a shell started ends with it.
    const child = spawn(program, args, { cwd: this.#folder, stdio: 'pipe', detached: true })
    const end = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL')
    }
    this.#ends.add(end)
    channel.once('close', end)
    child.stdin.on('error', () => {})
    child.stdout.on('data', (bytes: Buffer) => send(channel, channels.stdout, bytes))
    child.stderr.on('data', (bytes: Buffer) => send(channel, tty ? channels.stdout : channels.stderr, bytes))
    channel.on('message', (message) => {
      const [kind, bytes] = partsOf(message)
      if (kind === channels.stdin) child.stdin.write(bytes)
      else if (kind === channels.resize) this.sizes.push(bytes.toString())
      else if (kind === channels.close && bytes[0] === channels.stdin) child.stdin.end()
    })
    const tell = (status: object) => {
      this.#ends.delete(end)
      send(channel, channels.error, Buffer.from(JSON.stringify({ metadata: {}, ...status })))
      channel.close(1000)
    }
    child.once('error', ({ message }) => tell({ status: 'Failure', reason: 'InternalError', code: 500, message }))
    child.once('close', (code) => tell(code === 0 ? { status: 'Success' } : exited(code ?? 137)))
  }

  /** Two channels for each port, data and errors, which begin with its number. */
  #forward(channel: WebSocket, ports: readonly number[]): void {
    const sockets = ports.map((port, index) => {
      const number = Buffer.alloc(2)
      number.writeUInt16LE(port)
      for (const each of [index * 2, index * 2 + 1]) send(channel, each, number)
      const socket = connect(port, '127.0.0.1')
      socket.on('data', (bytes) => send(channel, index * 2, bytes))
      socket.once('error', ({ message }) => send(channel, index * 2 + 1, Buffer.from(message)))
      socket.once('close', () => channel.close(1000))
      return socket
    })
    channel.on('message', (message) => {
      const [index, bytes] = partsOf(message)
      sockets[index / 2]?.write(bytes)
    })
    channel.once('close', () => {
      for (const socket of sockets) socket.destroy()
    })
  }
}

function exited(code: number): object {
  const message = `command terminated with non-zero exit code: exit status ${code}`
  return {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  }
}

function send(channel: WebSocket, kind: number, bytes: Buffer): void {
  if (channel.readyState === channel.OPEN) channel.send(Buffer.concat([Buffer.of(kind), bytes]))
}

function partsOf(message: RawData): [kind: number, bytes: Buffer] {
  const bytes = Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message as Buffer)
  return [bytes[0] ?? -1, bytes.subarray(1)]
}
