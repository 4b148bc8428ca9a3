/** Numbers that look random and are the same at every start. */
export interface Random {
  /** 0 ≤ n < limit. */
  below(limit: number): number
  pick<const T>(list: readonly [T, ...(readonly T[])]): T
}

/** Mulberry32: 32 bits of state, good enough for names and dates. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  return { below, pick: (list) => list[below(list.length)] ?? list[0] }
}
