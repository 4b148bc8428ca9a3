import { z } from 'zod'
import { askAs, failedLookup, type GroupLookup, GroupNames, type Proof } from './groups.ts'

const Answer = z.object({ value: GroupNames })
/** `oid`: who it is about, so that the access token of another gives nothing. */
const Overage = z.object({ oid: z.guid(), _claim_names: z.object({ groups: z.string() }) })

/**
 * Groups of Microsoft Entra ID, by their object ids. Its tokens list up to 200; for more they name a place in `_claim_names`, and then
 * Microsoft Graph is asked: `POST /users/{id}/getMemberObjects`, permission `User.Read`.
 */
export class MicrosoftGroups implements GroupLookup {
  readonly #origin: string

  constructor(origin = 'https://graph.microsoft.com') {
    this.#origin = origin
  }

  async groupsOf({ claims, accessToken }: Proof): Promise<readonly string[]> {
    const listed = GroupNames.safeParse(claims.groups)
    if (listed.success) return listed.data
    // Without the claim configured Entra says nothing of groups: that is not "none".
    const overage = Overage.safeParse(claims)
    if (!overage.success) {
      throw failedLookup(
        'The ID token has neither groups nor word that they are too many: add the groups claim to its registration.',
      )
    }
    // The address is ours, not that in `_claim_sources`: the token goes nowhere else.
    const url = new URL(`/v1.0/users/${overage.data.oid}/getMemberObjects`, this.#origin)
    const answer = Answer.safeParse(await askAs(accessToken, url, 'Microsoft Graph', { json: { securityEnabledOnly: true } }))
    if (!answer.success) throw failedLookup('Microsoft Graph gives no list of groups.', answer.error)
    return answer.data.value
  }
}
