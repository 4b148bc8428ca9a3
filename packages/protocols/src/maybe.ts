import type { Maybe } from '@hoop/contracts'

/** Goes on at once where the value is at hand. */
export function andThen<T, U>(value: Maybe<T>, next: (value: T) => Maybe<U>): Maybe<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
