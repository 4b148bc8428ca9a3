import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect } from 'vitest'
import { fileOf } from './kubectl.ts'
import type { Case } from './matrix.ts'
import { container, pod } from './objects.ts'

const mebibyte = 1024 * 1024

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** exec, cp, attach, logs, port-forward. */
export const streamCases: readonly Case[] = [
  {
    name: 'exec: output, errors and exit code apart',
    async holds({ kubectl }) {
      const { code, stdout, stderr } = await kubectl.run(['exec', pod, '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'])
      expect({ code, stdout }).toEqual({ code: 3, stdout: 'out\n' })
      expect(stderr).toBe('err\ncommand terminated with exit code 3\n')
      expect(await kubectl.run(['exec', pod, '-c', container, '--', 'true'])).toEqual({ code: 0, stdout: '', stderr: '' })
    },
  },
  {
    name: 'exec: words with spaces, quotes and letters beyond ASCII',
    async holds({ kubectl }) {
      const words = ['a b', "it's", '"q"', 'ü&=+%', '']
      const { stdout } = await kubectl.run(['exec', pod, '--', 'sh', '-c', 'for w in "$@"; do echo "<$w>"; done', 'sh', ...words])
      expect(stdout).toBe(words.map((word) => `<${word}>\n`).join(''))
    },
  },
  {
    name: 'exec: what cannot be run, and a container that is not there',
    async holds({ kubectl }) {
      expect(await kubectl.run(['exec', pod, '-c', 'nobody', '--', 'true'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('container nobody is not valid for pod web-0'),
      })
      const answer = await kubectl.run(['exec', pod, '--', 'no-such-program'])
      expect(answer.code).not.toBe(0)
      expect(answer.stderr).toContain('executable file not found')
    },
  },
  {
    name: 'exec -i: input to its end',
    async holds({ kubectl }) {
      const input = randomBytes(2 * mebibyte)
      const answer = await kubectl.run(['exec', '-i', pod, '--', 'sha256sum'], input)
      expect(answer).toEqual({ code: 0, stdout: `${digestOf(input)}  -\n`, stderr: '' })
    },
  },
  {
    name: 'exec: much output, its end included',
    async holds({ kubectl }) {
      const answer = await kubectl.run(['exec', pod, '--', 'sh', '-c', 'yes 0123456789abcde | head -c 4194304; echo end >&2'])
      expect(answer).toMatchObject({ code: 0, stderr: 'end\n' })
      expect(answer.stdout).toHaveLength(4 * mebibyte)
    },
  },
  {
    name: 'exec -it: a terminal of its size, resized',
    async holds({ kubectl }) {
      const terminal = kubectl.open(`exec -it ${pod} -- sh`)
      await terminal.shows(/\/dev\/pts\/\d+/)
      const outer = /\/dev\/pts\/\d+/.exec(terminal.shown)?.[0] ?? ''
      await terminal.shows(/[#$] $/)
      terminal.type('stty size\r')
      await terminal.shows(/\n30 100\r/)
      await execa('stty', ['-F', outer, 'rows', '41', 'cols', '123'])
      await expect
        .poll(
          async () => {
            terminal.type('stty size\r')
            return terminal.shown
          },
          { interval: 200 },
        )
        .toMatch(/\n41 123\r/)
      expect(await terminal.end('exit 4\r')).toBe(4)
    },
  },
  {
    name: 'cp to a pod and back',
    async holds({ kubectl, cluster, name }) {
      const bytes = randomBytes(mebibyte)
      await writeFile(fileOf(kubectl, 'there'), bytes)
      expect(await kubectl.run(['cp', 'there', `${pod}:${name}`])).toMatchObject({ code: 0 })
      expect(digestOf(await readFile(join(cluster.kubelet.files(pod), name)))).toBe(digestOf(bytes))
      expect(await kubectl.run(['cp', `${pod}:${name}`, 'back'])).toMatchObject({ code: 0 })
      expect(digestOf(await readFile(fileOf(kubectl, 'back')))).toBe(digestOf(bytes))
    },
  },
  {
    name: 'attach -i',
    async holds({ kubectl }) {
      const answer = await kubectl.run(['attach', '-i', pod], 'echoed\n')
      expect(answer).toMatchObject({ code: 0, stdout: 'echoed\n' })
    },
  },
  {
    name: 'logs, --tail',
    async holds({ kubectl }) {
      expect(await kubectl.run(['logs', pod])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^one\ntwo\nthree\n/) })
      expect((await kubectl.run(['logs', pod, '--tail=1'])).stdout).toMatch(/^[^\n]+\n$/)
    },
  },
  {
    name: 'logs -f',
    async holds({ kubectl, cluster, name }) {
      const logs = await kubectl.start(['logs', '-f', pod])
      try {
        await logs.find('stdout', (line) => (line === 'three' ? line : undefined))
        await appendFile(cluster.kubelet.logFile(pod, container), `${name}\n`)
        await logs.find('stdout', (line) => (line === name ? line : undefined))
      } finally {
        await logs.stop('SIGINT')
      }
    },
  },
  {
    name: 'port-forward: requests side by side',
    async holds({ kubectl, name }) {
      const body = randomBytes(mebibyte)
      const server = createServer((request, answer) => answer.end(request.url === '/large' ? body : name)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const forward = await kubectl.start(['port-forward', `pod/${pod}`, `:${(server.address() as AddressInfo).port}`])
      try {
        const port = await forward.find('stdout', (line) => /127\.0\.0\.1:(\d+)/.exec(line)?.[1])
        const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
        expect(await (await get('/')).text()).toBe(name)
        const bodies = await Promise.all(Array.from({ length: 4 }, async () => (await get('/large')).bytes()))
        expect(bodies.map(digestOf)).toEqual(Array.from({ length: 4 }, () => digestOf(body)))
      } finally {
        await forward.stop('SIGINT')
        server.closeAllConnections()
        server.close()
      }
    },
  },
  {
    name: 'port-forward to a port where nobody listens',
    async holds({ kubectl }) {
      const forward = await kubectl.start(['port-forward', `pod/${pod}`, ':1'])
      try {
        const port = await forward.find('stdout', (line) => /127\.0\.0\.1:(\d+)/.exec(line)?.[1])
        await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
        await forward.find('stderr', (line) => (line.includes('connection refused') ? line : undefined))
      } finally {
        await forward.stop('SIGINT')
      }
    },
  },
  {
    name: 'debug: an ephemeral container, attached to',
    since: 25,
    async holds({ kubectl, cluster, name }) {
      await cluster.startPod(name)
      const debug = kubectl.run(['debug', name, '-i', '--image=busybox', '--container=debugger', '--', 'sh'], 'echoed\n')
      await cluster.startEphemeralContainer(name, 'debugger')
      expect(await debug).toMatchObject({ code: 0, stdout: expect.stringContaining('echoed\n') })
    },
  },
]
