import { join } from 'node:path'
import { demoUsers } from './identity-provider/users.ts'
import type { Client } from './tour/client.ts'

/** What a person can type while the demo stays up, line by line. */
export function whatNext(options: { gateway: string; people: string; documents: string; client: Client }): string[] {
  const { gateway, people, documents, client } = options
  const as = (user: string) => `HOOP_HOME=${join(people, user)}`
  const statement = client("'SELECT * FROM cards LIMIT 5'").join(' ')
  return [
    '',
    'It stays up until Ctrl-C. In another terminal, in this folder:',
    '',
    `  npx hoop login ${gateway}`,
    '  npx hoop ls',
    '  npx hoop connect sample --show-password      a local port for psql, DBeaver or an ORM',
    `  npx hoop exec sample -- ${statement}`,
    '  npx hoop connect shop-api                    a local port for curl or a program',
    '',
    'The login page asks for a user and a password. The password is demo, and the users are:',
    ...demoUsers.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`),
    '',
    'Those of the tour are logged in already, each in a folder of their own:',
    '',
    `  ${as('grace')} npx hoop approvals watch`,
    `  ${as('otto')} npx hoop sessions ls`,
    `  ${as('root-admin')} npx hoop apply -f ${documents}`,
    '',
  ]
}
