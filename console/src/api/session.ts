import { ApiError, call } from "./client.ts"
import type { Session } from "./types.ts"

/** Who is signed in; null: nobody. @throws ApiError */
export async function currentSession(): Promise<Session | null> {
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
