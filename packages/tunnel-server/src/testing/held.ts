import type { Identity } from '@hoop/contracts'
import type { HoldRequest } from '../sessions/types.ts'

/** What a session says of a statement that waits for somebody of `dba`: a deletion, but for what `change` says otherwise. */
export function holdRequest(requester: Identity, change: Partial<HoldRequest> = {}): HoldRequest {
  return {
    session: 'ses_1',
    operationId: 'op_1',
    connection: 'shop',
    requester,
    reason: 'clean up',
    rule: 'Policy/deletes',
    message: 'Ask a DBA.',
    approverGroups: ['dba'],
    timeout: 60,
    text: 'delete from orders',
    parameters: [{ type: 'int4', value: '1' }],
    effects: ['write'],
    objects: [{ kind: 'table', name: 'public.orders', access: 'write' }],
    before: [],
    count: 1,
    onHold: 'wait',
    bound: { exact: ['delete from orders'], like: ['delete'] },
    database: 'shop',
    role: 'hoop_app',
    settings: [],
    inTransaction: false,
    original: null,
    ...change,
  }
}
