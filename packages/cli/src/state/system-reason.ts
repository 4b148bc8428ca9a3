import { getSystemErrorMessage } from 'node:util'

/** Why the system did not do it, in its own words: "permission denied", where Node says "EACCES: permission denied, mkdir '/home/me/.hoop'". */
export function systemReason(error: unknown): string {
  if (isSystemError(error)) return getSystemErrorMessage(error.errno)
  return error instanceof Error ? error.message : String(error)
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { errno: number; syscall: string } {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' && 'syscall' in error
}
