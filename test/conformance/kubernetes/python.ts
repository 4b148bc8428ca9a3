import { execa } from 'execa'
import { python } from '../../support/index.ts'
import { cached, Unavailable } from './cache.ts'

const requirement = 'kubernetes==37.0.2'

/**
 * The folder of Python's Kubernetes client, for PYTHONPATH: fetched once into the cache.
 * @throws Unavailable
 */
export function fetchPythonClient(): Promise<string> {
  return cached(`python-${requirement.replace('==', '-')}`, async (folder) => {
    const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', folder, requirement]
    const { failed, stderr, code } = await execa(python(), args, { reject: false })
    if (!failed) return
    const why = code === 'ENOENT' ? 'there is no Python 3' : (stderr.trim().split('\n').at(-1) ?? '')
    throw new Unavailable(`pip could not fetch ${requirement} (${why}). Run this where PyPI answers.`)
  })
}
