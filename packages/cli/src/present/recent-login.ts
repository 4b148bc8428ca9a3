import { HoopError } from '@hoop/contracts/errors'
import { confirm } from './ask.ts'

/** Does what needs a login of a moment ago; at a terminal it offers to log in again and then does it, once. */
export async function withRecentLogin<Result>(work: () => Promise<Result>, logIn: () => Promise<unknown>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const asks = process.stdin.isTTY && process.stderr.isTTY
    if (!(error instanceof HoopError) || error.code !== 'login_too_old' || !asks) throw error
    if (!(await confirm(`${error.message} Log in again?`))) throw error
    await logIn()
    return await work()
  }
}
