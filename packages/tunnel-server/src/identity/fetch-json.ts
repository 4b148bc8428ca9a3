const answerWithin = 5000
const longestAnswer = 1024 * 1024

/**
 * Asks a service and reads its JSON answer, whatever the status; `body` is undefined where it is none. Redirects are not followed.
 * @throws when it does not answer within 5 s, or with more than 1 MiB
 */
export async function fetchJson(
  url: string | URL,
  request: { readonly headers?: Record<string, string>; readonly form?: Record<string, string>; readonly json?: unknown } = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { form, json } = request
  const body = form !== undefined ? new URLSearchParams(form) : json === undefined ? null : JSON.stringify(json)
  const response = await fetch(url, {
    method: body === null ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(answerWithin),
  })
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.byteLength
    if (length > longestAnswer) throw new Error(`${new URL(url).origin} answered with more than ${longestAnswer} bytes`)
    parts.push(part)
  }
  return { status: response.status, body: parsed(Buffer.concat(parts).toString('utf8')) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
