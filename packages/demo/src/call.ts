/**
 * Makes one request with SHOP_API_URL and SHOP_API_TOKEN, as any program would, and prints what came back:
 * `hoop exec shop-api -- node packages/demo/src/call.ts GET /v1/customers/7`.
 */
const { SHOP_API_URL: url = '', SHOP_API_TOKEN: token = '' } = process.env

async function main(method: string, path: string, body: string | undefined): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  process.stdout.write(`${answer.status} ${answer.headers.get('content-type') ?? ''}\n${await answer.text()}\n`)
  return answer.ok ? 0 : 1
}

const [method, path, body] = process.argv.slice(2)
if (method === undefined || path === undefined || url === '') {
  process.stderr.write('usage: hoop exec shop-api -- node call.ts METHOD PATH [JSON]\n')
  process.exitCode = 2
} else {
  process.exitCode = await main(method, path, body)
}
