import { useMutation } from "@tanstack/react-query"
import { type FormEvent, useState } from "react"
import { type Proof, signIn } from "../api/session.ts"
import type { Session } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { Copyable } from "../display/copyable.tsx"
import { ErrorNote } from "../display/notes.tsx"
import { texts } from "../texts.ts"
import { Logo } from "./logo.tsx"

interface SignInProps {
  /** Of the link that led here. */
  refusal: Error | null
  onSignedIn: (session: Session) => void
}

export function SignIn({ refusal, onSignedIn }: SignInProps) {
  const signingIn = useMutation({ mutationFn: (proof: Proof) => signIn(proof), onSuccess: onSignedIn })
  const error = signingIn.error ?? refusal
  const { title, lead, howToLink, linkCommand } = texts.signIn
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Logo />
        <h1>{title}</h1>
        <p className="sign-in-lead">{lead}</p>
        {error !== null && <ErrorNote error={error} />}
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
