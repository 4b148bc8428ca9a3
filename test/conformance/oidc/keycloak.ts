import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Program } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import { execa } from 'execa'
import { type Stoppable, temporaryFolder } from '../../support/index.ts'

/** https://www.keycloak.org, from Maven Central. */
const distribution = { artifact: 'org.keycloak:keycloak-quarkus-dist', version: '26.3.5' }
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'
const realm = 'hoop'
const startWithin = 240_000

export interface KeycloakUser {
  readonly name: string
  readonly password: string
  readonly groups: readonly string[]
}

/** A running Keycloak with one realm. */
export interface Keycloak extends Stoppable {
  readonly issuer: string
  readonly clientId: string
  /** What an administrator does. */
  removeFromGroup(user: string, group: string): Promise<void>
  disable(user: string): Promise<void>
  logOut(user: string): Promise<void>
}

/** Starts a Keycloak whose realm knows these users; it tells the gateway at this address of logouts. */
export async function startKeycloak(options: { users: readonly KeycloakUser[]; gateway: string }): Promise<Keycloak> {
  const folder = await temporaryFolder('keycloak')
  const clientId = 'hoop-cli'
  let program: Program | null = null
  const stop = async () => {
    await program?.stop('SIGTERM', 30_000)
    await folder.stop()
  }
  try {
    const home = await unpack(folder.path)
    await mkdir(join(home, 'data', 'import'), { recursive: true })
    await writeFile(join(home, 'data', 'import', 'realm.json'), JSON.stringify(realmOf(clientId, options)))
    const port = await freePort()
    const password = randomBytes(16).toString('hex')
    const args = ['start-dev', '--http-host=127.0.0.1', `--http-port=${port}`, '--import-realm']
    // Without the shell in between, which would outlive a signal.
    program = await Program.start('bash', ['-c', `exec "$0" "$@"`, join(home, 'bin', 'kc.sh'), ...args], {
      env: {
        PATH: process.env.PATH ?? '',
        ...(process.env.JAVA_HOME !== undefined && { JAVA_HOME: process.env.JAVA_HOME }),
        KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
        KC_BOOTSTRAP_ADMIN_PASSWORD: password,
        KC_CACHE: 'local',
        JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
      },
    })
    await program.find('stdout', (line) => (line.includes('Listening on:') ? true : undefined), startWithin)
    const url = `http://127.0.0.1:${port}`
    const admin = new Admin(url, password)
    return {
      issuer: `${url}/realms/${realm}`,
      clientId,
      async removeFromGroup(user, group) {
        const id = await admin.userId(user)
        const groups = (await admin.ask('GET', `/users/${id}/groups`)) as { id: string; name: string }[]
        const found = groups.find(({ name }) => name === group)
        if (found === undefined) throw new Error(`${user} is not in ${group}`)
        await admin.ask('DELETE', `/users/${id}/groups/${found.id}`)
      },
      disable: async (user) => void (await admin.ask('PUT', `/users/${await admin.userId(user)}`, { enabled: false })),
      logOut: async (user) => void (await admin.ask('POST', `/users/${await admin.userId(user)}/logout`, {})),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function unpack(folder: string): Promise<string> {
  const { artifact, version } = distribution
  await execa('mvn', ['-B', '-q', `${plugin}:copy`, `-Dartifact=${artifact}:${version}:tar.gz`, `-DoutputDirectory=${folder}`])
  await execa('tar', ['-xzf', join(folder, `keycloak-quarkus-dist-${version}.tar.gz`), '-C', folder])
  return join(folder, `keycloak-${version}`)
}

function realmOf(clientId: string, { users, gateway }: { users: readonly KeycloakUser[]; gateway: string }) {
  const groupMapper = {
    name: 'groups',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-group-membership-mapper',
    config: {
      'claim.name': 'groups',
      'full.path': 'false',
      'id.token.claim': 'true',
      'access.token.claim': 'true',
      'userinfo.token.claim': 'true',
    },
  }
  return {
    realm,
    enabled: true,
    sslRequired: 'none',
    // Each refresh token works once.
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    groups: [...new Set(users.flatMap(({ groups }) => groups))].map((name) => ({ name })),
    users: users.map(({ name, password, groups }) => ({
      username: name,
      enabled: true,
      email: `${name}@shop.example`,
      emailVerified: true,
      firstName: name,
      lastName: 'Test',
      credentials: [{ type: 'password', value: password, temporary: false }],
      groups: groups.map((group) => `/${group}`),
    })),
    clients: [
      {
        clientId,
        enabled: true,
        publicClient: true,
        standardFlowEnabled: true,
        directAccessGrantsEnabled: false,
        redirectUris: ['http://127.0.0.1/callback'],
        protocolMappers: [groupMapper],
        attributes: {
          'pkce.code.challenge.method': 'S256',
          'oauth2.device.authorization.grant.enabled': 'true',
          'oauth2.device.polling.interval': '1',
          'backchannel.logout.url': `${gateway}/v1/oidc/backchannel-logout`,
          'backchannel.logout.session.required': 'true',
        },
      },
    ],
  }
}

/** https://www.keycloak.org/docs-api/latest/rest-api/ */
class Admin {
  readonly #url: string
  readonly #password: string

  constructor(url: string, password: string) {
    this.#url = url
    this.#password = password
  }

  async userId(name: string): Promise<string> {
    const [user] = (await this.ask('GET', `/users?exact=true&username=${encodeURIComponent(name)}`)) as { id: string }[]
    if (user === undefined) throw new Error(`Keycloak knows nobody called ${name}`)
    return user.id
  }

  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#url}/admin/realms/${realm}${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.#token()}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to ${method} ${path}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  async #token(): Promise<string> {
    const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: this.#password }
    const url = `${this.#url}/realms/master/protocol/openid-connect/token`
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
    return ((await answer.json()) as { access_token: string }).access_token
  }
}
