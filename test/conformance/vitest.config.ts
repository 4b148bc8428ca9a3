import { defineConfig } from 'vitest/config'

/** Suites that need other languages' tools, or longer than `npm test` may take. */
export default defineConfig({
  test: {
    include: ['test/conformance/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 1,
  },
})
