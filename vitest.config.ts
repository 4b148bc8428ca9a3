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

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/conformance/**', '**/node_modules/**'],
    globalSetup: 'test/run-folder.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes when a busy machine gets to it; how fast that is, benchmarks measure.
    expect: { poll: { timeout: 30_000 } },
    // Two cores: more workers would only wait for each other.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
})
