import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { whenSignedOut } from "../api/client.ts"
import { currentSession, signOut } from "../api/session.ts"
import type { Session } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { ErrorNote } from "../display/notes.tsx"
import { LiveProvider } from "../live/live-context.tsx"
import { texts } from "../texts.ts"
import { FaultBoundary } from "./fault-boundary.tsx"
import { Navigation } from "./navigation.tsx"
import { PageOf } from "./pages.tsx"
import { usePlace } from "./router.ts"
import { SessionProvider } from "./session-context.tsx"
import { SignIn } from "./sign-in.tsx"

const sessionKey = ["session"]

export function App() {
  const queries = useQueryClient()
  const session = useQuery({
    queryKey: sessionKey,
    queryFn: currentSession,
    staleTime: Number.POSITIVE_INFINITY,
  })
  useEffect(() => whenSignedOut(() => forget(queries)), [queries])
  if (session.isError) return <NoAnswer error={session.error} onRetry={() => void session.refetch()} />
  if (session.isPending) return null
  const enter = (entered: Session) => queries.setQueryData(sessionKey, entered)
  if (session.data === null) return <SignIn onSignedIn={enter} />
  return <SignedIn session={session.data} onSignOut={() => void signOut().finally(() => forget(queries))} />
}

/** What was seen is not shown to whoever signs in next. */
function forget(queries: QueryClient): void {
  queries.setQueryData(sessionKey, null)
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] })
}

function SignedIn({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  const place = usePlace()
  return (
    <SessionProvider value={session}>
      <LiveProvider>
        <a className="skip-link" href="#content">
          {texts.navigation.skip}
        </a>
        <div className="shell">
          <Navigation session={session} place={place} onSignOut={onSignOut} />
          <main id="content" tabIndex={-1}>
            <FaultBoundary key={JSON.stringify(place)}>
              <PageOf place={place} />
            </FaultBoundary>
          </main>
        </div>
      </LiveProvider>
    </SessionProvider>
  )
}

function NoAnswer({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <main className="lonely">
      <h1 className="visually-hidden">{texts.product}</h1>
      <ErrorNote error={error} action={<Button onClick={onRetry}>{texts.errors.tryAgain}</Button>} />
    </main>
  )
}
