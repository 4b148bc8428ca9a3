import { AwsV4Signer } from 'aws4fetch'
import type { IssuedToken } from './credential-cache.ts'

export interface EksAccount {
  readonly cluster: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Null: the keys are for good. */
  readonly sessionToken: string | null
}

/** Milliseconds that EKS takes a token after it was signed. */
const life = 15 * 60_000
/** Seconds in which the cluster must have shown it to AWS: what AWS's own tools sign. */
const signedFor = 60

/**
 * A token for EKS: a signed request to AWS that says who the signer is, good for one cluster, which the cluster sends on.
 * https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
 */
export async function eksToken(
  { cluster, region, accessKeyId, secretAccessKey, sessionToken }: EksAccount,
  now: () => number = Date.now,
): Promise<IssuedToken> {
  const at = now()
  const url = new URL(`https://sts.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}/`)
  url.search = new URLSearchParams({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Expires': String(signedFor),
  }).toString()
  const signed = await new AwsV4Signer({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== null && { sessionToken }),
    method: 'GET',
    url: url.href,
    headers: { 'x-k8s-aws-id': cluster },
    service: 'sts',
    region,
    signQuery: true,
    datetime: `${new Date(at).toISOString().slice(0, 19).replaceAll(/[:-]/g, '')}Z`,
  }).sign()
  return { value: `k8s-aws-v1.${Buffer.from(signed.url.href).toString('base64url')}`, expires: at + life }
}
