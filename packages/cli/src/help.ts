import type { Interfaces } from '@oclif/core'
import { Help } from '@oclif/core/help'

/** oclif takes `ls` for a topic, because the name of the topic "approvals" ends with it. */
export default class HoopHelp extends Help {
  protected override get sortedTopics(): Interfaces.Topic[] {
    const { topics } = this.config
    return super.sortedTopics.filter(({ name }) => topics.some((other) => other.name.startsWith(`${name}:`)))
  }
}
