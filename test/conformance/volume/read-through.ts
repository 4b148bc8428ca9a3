// read-through.ts URL STATEMENT: reads a result of rows (n, value) to its end, keeping none, and says what it saw.
import pg from 'pg'

const [, , url, statement] = process.argv
const client = new pg.Client({ connectionString: url })
await client.connect()
const query = new pg.Query<{ n: number; value: string }>(statement ?? '')
let [rows, bytes, inOrder] = [0, 0, true]
query.on('row', ({ n, value }: { n: number; value: string }) => {
  rows++
  bytes += value.length
  inOrder &&= n === rows
})
const done = new Promise<void>((resolve, reject) => {
  query.on('end', () => resolve())
  query.on('error', reject)
})
client.query(query)
await done
await client.end()
console.log(JSON.stringify({ rows, bytes, inOrder }))
