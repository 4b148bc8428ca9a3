import { join } from 'node:path'
import { Program, type Run } from '@hoop/demo'
import { execa } from 'execa'
import { openTerminal, type Terminal } from '../clients/terminal.ts'
import { fetchKubectl, type KubectlVersion } from './kubectl-versions.ts'
import { namespace } from './objects.ts'

/** One kubectl with one kubeconfig, in the suite's namespace. */
export interface Kubectl {
  readonly version: KubectlVersion
  readonly folder: string
  /** Runs it to its end; `input` is fed to it and closed, null leaves it without. */
  run(args: readonly string[], input?: string | Buffer): Promise<Answer>
  /** The same with more in its environment. */
  with(more: Readonly<Record<string, string>>): Kubectl
  /** Starts one that goes on. */
  start(args: readonly string[]): Promise<Program>
  /** Opens one in a pseudo terminal of 30 rows and 100 columns, whose name is the first that is shown. */
  open(args: string): Terminal
}

export type Answer = Pick<Run, 'code' | 'stdout' | 'stderr'>

const inNamespace = `--namespace=${namespace}`

/** @param folder where it keeps its cache, and what it is given by relative paths. */
export async function kubectlFor(version: KubectlVersion, kubeconfig: string, folder: string): Promise<Kubectl> {
  const file = await fetchKubectl(version)
  return kubectlOf(version, file, folder, {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    KUBECONFIG: kubeconfig,
    KUBECTL_EXTERNAL_DIFF: 'diff -u',
  })
}

function kubectlOf(version: KubectlVersion, file: string, folder: string, env: Readonly<Record<string, string>>): Kubectl {
  return {
    version,
    folder,
    async run(args, input) {
      const options = { cwd: folder, env, extendEnv: false, reject: false, timeout: 60_000, stripFinalNewline: false } as const
      const { exitCode, stdout, stderr } = await execa(file, [inNamespace, ...args], {
        ...options,
        ...(input === undefined ? { stdin: 'ignore' } : { input }),
      })
      return { code: exitCode ?? null, stdout, stderr }
    },
    with: (more) => kubectlOf(version, file, folder, { ...env, ...more }),
    start: (args) => Program.start(file, [inNamespace, ...args], { env, cwd: folder }),
    open: (args) => openTerminal(`sh -c 'tty; stty rows 30 cols 100; exec ${file} ${inNamespace} ${args}'`, env),
  }
}

/** Where a file is that a command names by a relative path. */
export function fileOf({ folder }: Kubectl, name: string): string {
  return join(folder, name)
}
