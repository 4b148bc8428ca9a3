import { ConnectionDocument, type Detectors, detectorKinds, type Identity, MaskDocument } from '@hoop/contracts'
import { compileRules } from '../../../packages/policy/src/index.ts'

/** Detectors of every kind, as a session gets them. */
export function allDetectors(): Detectors {
  const mask = MaskDocument.parse({ kind: 'Mask', name: 'everything', detect: [...detectorKinds] })
  const connection = ConnectionDocument.parse({
    ...{ kind: 'Connection', name: 'sample', protocol: 'postgres', address: 'localhost:5432', databases: ['sample'] },
    login: { user: 'app' },
  })
  const identity: Identity = { id: 'somebody', kind: 'person', name: 'Somebody', email: null, groups: [], issuer: 'bench' }
  const { detectors } = compileRules([mask], { hashKey: Buffer.alloc(32) }).masks(identity, connection)
  if (detectors === null) throw new Error('the mask detects nothing')
  return detectors
}
