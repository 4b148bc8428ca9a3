import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What starts whole gateways takes longest: begun first, so that no core waits for the last of it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => weight(other.moduleId) - weight(one.moduleId))
  }
}

function weight(file: string): number {
  return file.includes('/packages/demo/') ? 2 : file.includes('/test/e2e/') ? 1 : 0
}

/** Puts something in the place of a module, which files that imported it before would go on using. */
const mocking = 'packages/protocols/src/scram.test.ts'

const limits = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // What is waited for comes when a busy machine gets to it; how fast that is, benchmarks measure.
  expect: { poll: { timeout: 30_000 } },
}

export default defineConfig({
  test: {
    globalSetup: 'test/run-folder.ts',
    // Two cores: more workers would only wait for each other.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      // Modules hold no state: files share workers, and with them what they import.
      {
        test: {
          ...limits,
          name: 'packages',
          include: ['packages/*/src/**/*.test.ts'],
          exclude: [mocking, '**/node_modules/**'],
          isolate: false,
        },
      },
      {
        test: {
          ...limits,
          name: 'systems',
          include: ['test/**/*.test.ts', mocking],
          exclude: ['test/conformance/**', '**/node_modules/**'],
        },
      },
    ],
  },
})
