import { readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const sources = fileURLToPath(new URL('programs/java', import.meta.url))
/** https://jdbc.postgresql.org, from Maven Central. */
const driver = { artifact: 'org.postgresql:postgresql', version: '42.7.14' }
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

/** Fetches the driver (Maven keeps it), compiles the program into a folder, and answers with the command that runs it. */
export async function buildJavaProgram(folder: string): Promise<readonly string[]> {
  await execa('mvn', [
    '-B',
    '-q',
    `${plugin}:copy`,
    `-Dartifact=${driver.artifact}:${driver.version}`,
    `-DoutputDirectory=${folder}`,
  ])
  const classpath = [join(folder, `postgresql-${driver.version}.jar`), join(folder, 'classes')].join(delimiter)
  const files = (await readdir(sources)).filter((name) => name.endsWith('.java')).map((name) => join(sources, name))
  await execa('javac', [
    '-Werror',
    '-Xlint:all',
    '-d',
    join(folder, 'classes'),
    '-cp',
    classpath.split(delimiter)[0] ?? '',
    ...files,
  ])
  return ['java', '-cp', classpath, 'Cases']
}
