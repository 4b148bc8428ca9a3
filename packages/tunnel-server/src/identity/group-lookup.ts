import type { Settings } from '../settings.ts'
import { GoogleGroups } from './google-groups.ts'
import { type GroupLookup, GroupsClaim, UserinfoGroups } from './groups.ts'
import type { Issuer } from './issuer.ts'
import { MicrosoftGroups } from './microsoft-groups.ts'

/** The look-up that HOOP_OIDC_GROUPS names. */
export function groupLookup(
  { groups, groupsClaim }: Pick<Settings['oidc'], 'groups' | 'groupsClaim'>,
  issuer: Issuer,
): GroupLookup {
  switch (groups) {
    case 'claim':
      return new GroupsClaim(groupsClaim)
    case 'userinfo':
      return new UserinfoGroups({ endpoint: async () => (await issuer.metadata()).userinfo_endpoint, claim: groupsClaim })
    case 'google':
      return new GoogleGroups()
    case 'microsoft':
      return new MicrosoftGroups()
  }
}
