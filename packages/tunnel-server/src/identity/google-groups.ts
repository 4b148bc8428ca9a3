import { z } from 'zod'
import { askAs, failedLookup, type GroupLookup, GroupNames, type Proof } from './groups.ts'

const Page = z.object({
  memberships: z.array(z.object({ groupKey: z.object({ id: z.string() }) })).default([]),
  nextPageToken: z.string().default(''),
})
const mostPages = 10

/**
 * Groups of Google Workspace and Cloud Identity, by their e-mail addresses, with those that a person is in through another
 * group: Cloud Identity API v1, groups.memberships.searchTransitiveGroups. The access token needs the scope
 * `https://www.googleapis.com/auth/cloud-identity.groups.readonly`.
 */
export class GoogleGroups implements GroupLookup {
  readonly #origin: string

  constructor(origin = 'https://cloudidentity.googleapis.com') {
    this.#origin = origin
  }

  async groupsOf({ claims, accessToken }: Proof): Promise<readonly string[]> {
    const email = z.email().max(320).safeParse(claims.email)
    // The address stands in a query: nothing may end its quotes.
    if (!email.success || claims.email_verified !== true || /['"\\]/.test(email.data)) {
      throw failedLookup('The ID token has no verified e-mail address to look up.')
    }
    const url = new URL('/v1/groups/-/memberships:searchTransitiveGroups', this.#origin)
    const inLabels = "'cloudidentity.googleapis.com/groups.discussion_forum' in labels"
    url.searchParams.set('query', `member_key_id == '${email.data}' && ${inLabels}`)
    url.searchParams.set('pageSize', '1000')
    const groups: string[] = []
    for (let pages = 0; pages < mostPages; pages++) {
      const page = Page.safeParse(await askAs(accessToken, url, 'The Cloud Identity API'))
      if (!page.success) throw failedLookup('The Cloud Identity API gives no list of groups.', page.error)
      groups.push(...page.data.memberships.map(({ groupKey }) => groupKey.id))
      if (page.data.nextPageToken === '') return checked(groups)
      url.searchParams.set('pageToken', page.data.nextPageToken)
    }
    throw failedLookup('The Cloud Identity API gives more groups than can be.')
  }
}

function checked(groups: string[]): readonly string[] {
  const names = GroupNames.safeParse(groups)
  if (!names.success) throw failedLookup('The Cloud Identity API gives more groups than can be.')
  return names.data
}
