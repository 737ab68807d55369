import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { whenSignedOut } from "../api/client.ts"
import { type Opening, openingOf, signOut, takeLink } from "../api/session.ts"
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
const link = takeLink()

export function App() {
  const queries = useQueryClient()
  const opening = useQuery({
    queryKey: sessionKey,
    queryFn: () => openingOf(link),
    staleTime: Number.POSITIVE_INFINITY,
  })
  useEffect(() => whenSignedOut(() => forget(queries)), [queries])
  if (opening.isError) return <NoAnswer error={opening.error} onRetry={() => void opening.refetch()} />
  if (opening.isPending) return null
  const { session, refusal } = opening.data
  const enter = (entered: Session) => begin(queries, { session: entered, refusal: null })
  if (session === null) return <SignIn refusal={refusal} onSignedIn={enter} />
  return <SignedIn session={session} onSignOut={() => void signOut().finally(() => forget(queries))} />
}

function begin(queries: QueryClient, opening: Opening): void {
  queries.setQueryData(sessionKey, opening)
}

/** What was seen is not shown to whoever signs in next. */
function forget(queries: QueryClient): void {
  begin(queries, { session: null, refusal: null })
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
