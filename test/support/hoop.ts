import * as demo from '@hoop/demo'
import { type Stoppable, temporaryFolder } from './keep.ts'

/** Runs the real `hoop …` to its end as whoever is logged in at `home`. The exit code is an answer, not an error. */
export function hoop(args: readonly string[], options: demo.HoopOptions): Promise<demo.Run> {
  return demo.runHoop(args, options)
}

/** Logs one of the provider's users in by the real `hoop login` in a new home folder, doing what a person would do in the browser. */
export async function loginAs(
  name: string,
  options: { gateway: string; users?: readonly demo.DemoUser[] },
): Promise<Stoppable & { readonly home: string }> {
  const user = (options.users ?? demo.demoUsers).find((each) => each.name === name)
  if (user === undefined) throw new Error(`the provider knows nobody called ${name}`)
  const folder = await temporaryFolder(name)
  try {
    await demo.logIn({ gateway: options.gateway, home: folder.path, user })
    return { home: folder.path, stop: folder.stop }
  } catch (error) {
    await folder.stop()
    throw error
  }
}
