/** Numbers as in contracts' `exitCodes`, held to them by a test: help must not load the contracts. */
export const exitCodeMeanings: readonly (readonly [code: number, name: string, meaning: string])[] = [
  [0, 'ok', 'done'],
  [1, 'failed', 'something went wrong; the words say what'],
  [2, 'usage', 'the command line or a document is not right'],
  [120, 'notLoggedIn', 'not logged in, or the login has ended'],
  [121, 'noAccess', 'you may not use or do this'],
  [122, 'denied', 'refused by policy'],
  [123, 'approvalDenied', 'an approver said no'],
  [124, 'approvalTimedOut', 'no approver answered in time'],
  [125, 'held', 'waits for an approver'],
  [126, 'gatewayUnreachable', 'the gateway cannot be reached'],
  [127, 'connectionUnavailable', 'the gateway cannot reach what is behind the connection, or the session was ended'],
]

export function exitCodeTable(): string {
  const rows = exitCodeMeanings.map(([code, , meaning]) => `${String(code).padEnd(3)}  ${meaning}`)
  return [
    ...rows,
    '',
    '`hoop exec` ends with the exit code of its command, or with 128 and the number of the signal that ended it.',
  ].join('\n')
}
