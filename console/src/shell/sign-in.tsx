import { useMutation } from "@tanstack/react-query"
import { type FormEvent, useEffect, useRef, useState } from "react"
import { basePath } from "../api/base-path.ts"
import { type Proof, signIn } from "../api/session.ts"
import type { Session } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { Copyable } from "../display/copyable.tsx"
import { ErrorNote } from "../display/notes.tsx"
import { texts } from "../texts.ts"
import { Logo } from "./logo.tsx"

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const signingIn = useMutation({ mutationFn: (proof: Proof) => signIn(proof), onSuccess: onSignedIn })
  useLink((link) => signingIn.mutate({ link }))
  const { title, lead, howToLink, linkCommand } = texts.signIn
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Logo />
        <h1>{title}</h1>
        <p className="sign-in-lead">{lead}</p>
        {signingIn.isError && <ErrorNote error={signingIn.error} />}
        <PasswordForm isWorking={signingIn.isPending} onProof={(proof) => signingIn.mutate(proof)} />
        <div className="sign-in-link">
          <p>{howToLink}</p>
          <Copyable text={linkCommand} what={linkCommand} />
        </div>
      </div>
    </main>
  )
}

function PasswordForm({ isWorking, onProof }: { isWorking: boolean; onProof: (proof: Proof) => void }) {
  const [user, setUser] = useState("")
  const [password, setPassword] = useState("")
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onProof({ user, password })
  }
  return (
    <form onSubmit={submit}>
      <label className="field">
        {texts.signIn.user}
        <input
          name="user"
          autoComplete="username"
          required
          value={user}
          onChange={({ target }) => setUser(target.value)}
        />
      </label>
      <label className="field">
        {texts.signIn.password}
        <input
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={({ target }) => setPassword(target.value)}
        />
      </label>
      <Button type="submit" look="primary" disabled={isWorking}>
        {isWorking ? texts.signIn.working : texts.signIn.submit}
      </Button>
    </form>
  )
}

/** A link works once: it goes out of the address at once, so that no bookmark keeps it. */
function useLink(onLink: (token: string) => void): void {
  const isTaken = useRef(false)
  useEffect(() => {
    const token = new URLSearchParams(location.hash.slice(1)).get("link")
    if (token === null || isTaken.current) return
    isTaken.current = true
    history.replaceState(null, "", `${basePath}/console/`)
    onLink(token)
  })
}
