import { createContext, useContext } from "react"
import type { Session } from "../api/types.ts"

const SessionContext = createContext<Session | null>(null)

export const SessionProvider = SessionContext

/** Who is signed in: pages are shown to nobody else. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === null) throw new Error("used by a page that is shown to nobody")
  return session
}
