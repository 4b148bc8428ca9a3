import type { Duplex } from 'node:stream'

/** What a client of HTTP/2 sends first (RFC 9113, section 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Whether a stream begins with HTTP/2, within so many milliseconds from its first byte. What was read of it is put back. */
export function beginsHttp2(stream: Duplex, time: number): Promise<boolean> {
  return new Promise((resolve) => {
    let begun = Buffer.alloc(0)
    let timer: NodeJS.Timeout | undefined
    const settle = (found: boolean): void => {
      clearTimeout(timer)
      stream.off('readable', read).off('end', none).off('close', none)
      if (begun.length > 0 && !stream.destroyed) stream.unshift(begun)
      resolve(found)
    }
    const none = (): void => settle(false)
    const read = (): void => {
      for (;;) {
        const chunk: Buffer | null = stream.read()
        if (chunk === null) return
        begun = Buffer.concat([begun, chunk])
        timer ??= setTimeout(none, time)
        const seen = Math.min(begun.length, preface.length)
        if (!begun.subarray(0, seen).equals(preface.subarray(0, seen))) return settle(false)
        if (seen === preface.length) return settle(true)
      }
    }
    stream.on('readable', read).once('end', none).once('close', none)
  })
}
