import type { Examination, ExamineContext } from '../examination.ts'
import { examineAt } from '../http/doctor.ts'
import type { KubernetesUpstream } from '../protocol.ts'

/** Looks whether the API server answers, and takes the gateway's credential. `/api` is shown to those only who are known. */
export function examine(context: ExamineContext<KubernetesUpstream>): Promise<Examination> {
  return examineAt(context, '/api')
}
