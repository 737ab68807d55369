import { basePath } from "./base-path.ts"
import { ApiError, call } from "./client.ts"
import type { Session } from "./types.ts"

/** How the page begins. */
export interface Opening {
  /** Null: nobody is signed in. */
  session: Session | null
  /** Why the link in the address does not sign in; null: it does, or there is none. */
  refusal: ApiError | null
}

/** By the link in the page's address, or else by the session that the browser has. @throws ApiError */
export async function openingOf(link: string | null): Promise<Opening> {
  if (link === null) return { session: await currentSession(), refusal: null }
  try {
    return { session: await signIn({ link }), refusal: null }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0) throw error
    return { session: await currentSession(), refusal: error }
  }
}

/** A link works once: it goes out of the address, so that no bookmark keeps it. */
export function takeLink(): string | null {
  const link = new URLSearchParams(location.hash.slice(1)).get("link")
  if (link !== null) history.replaceState(null, "", `${basePath}/console/`)
  return link
}

async function currentSession(): Promise<Session | null> {
  try {
    return await call<Session>("session")
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

export type Proof = { user: string; password: string } | { link: string }

/** @throws ApiError */
export async function signIn(proof: Proof): Promise<Session> {
  return await call<Session>("session", { method: "POST", body: proof })
}

/** @throws ApiError */
export async function signOut(): Promise<void> {
  await call("session", { method: "DELETE" })
}

/** May pause, resync and verify. */
export function mayOperate({ role }: Session): boolean {
  return role === "admin" || role === "operator"
}

export function isAdmin({ role }: Session): boolean {
  return role === "admin"
}
