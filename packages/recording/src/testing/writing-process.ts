import { writeSync } from 'node:fs'
import { openRecord, RecordError } from '../index.ts'
import { operation, outcome } from './fixtures.ts'

// A process for tests that writes to a record until it is killed or cannot write, and says on stdout the number of each line it
// has acknowledged. It changes its account only here, after its own source was read.
const [folder = '', bytes = '100', account] = process.argv.slice(2)
if (account !== undefined) process.setuid?.(Number(account))

function say(word: string | number): void {
  writeSync(1, `${word}\n`)
}

try {
  const record = openRecord({ folder, session: 'ses_1', durability: 'ordered', results: 'full', segmentBytes: 50_000 })
  const rows = Buffer.alloc(Number(bytes), 'r')
  try {
    for (let index = 0; ; index++) {
      record.append(operation(`op_${index}`))
      say(record.head.seq)
      record.append({ type: 'chunk', operation: `op_${index}`, way: 'down', pieces: [rows] }, outcome(`op_${index}`))
      say(record.head.seq)
    }
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    const again: unknown[] = []
    const attempts = [
      () => record.append(operation('op_again')),
      () => record.append({ type: 'chunk', operation: 'op_again', way: 'up', pieces: [rows] }),
      () => record.durable(),
    ]
    for (const attempt of attempts) {
      try {
        attempt()
      } catch (second) {
        again.push(second)
      }
    }
    again.push(await record.close('failed').catch((third: unknown) => third))
    say(
      `${record.failed === error && again.length === 4 && again.every((one) => one === error) ? 'failed for good' : 'went on'}: ${error.message}`,
    )
  }
} catch (error) {
  say(error instanceof RecordError ? `not opened: ${error.message}` : String(error))
}
