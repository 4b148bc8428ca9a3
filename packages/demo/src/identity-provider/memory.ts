import type { Adapter, AdapterPayload } from 'oidc-provider'

interface Entry {
  readonly payload: AdapterPayload
  readonly expires: number
}

/** Where the provider keeps codes, sessions and grants: in memory, so that a restart forgets every login. One store for all models. */
export function memoryAdapter(): (model: string) => Adapter {
  const entries = new Map<string, Entry>()

  function live(key: string): AdapterPayload | undefined {
    const entry = entries.get(key)
    if (entry !== undefined && entry.expires > Date.now()) return entry.payload
    entries.delete(key)
    return undefined
  }

  function findBy(model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const key of entries.keys()) {
      if (!key.startsWith(`${model}:`)) continue
      const payload = live(key)
      if (payload !== undefined && matches(payload)) return payload
    }
    return undefined
  }

  return (model) => ({
    upsert: async (id, payload, expiresIn) => {
      entries.set(`${model}:${id}`, { payload, expires: Date.now() + (expiresIn ?? Number.POSITIVE_INFINITY) * 1000 })
    },
    find: async (id) => live(`${model}:${id}`),
    findByUid: async (uid) => findBy(model, (payload) => payload.uid === uid),
    findByUserCode: async (code) => findBy(model, (payload) => payload.userCode === code),
    consume: async (id) => {
      const payload = live(`${model}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
    },
    destroy: async (id) => {
      entries.delete(`${model}:${id}`)
    },
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key)
    },
  })
}
