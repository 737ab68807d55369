import type { PageAsked } from "../../profiles/services/context.ts"
import { fromMarker, type Paging, toMarker } from "../paging.ts"

const usual = 100

interface Asked {
  NextToken?: string | undefined
  MaxResults?: number | undefined
}

/** @throws Fault invalidValue: a token of another operation, or none of ours */
export function pageAsked(operation: string, { NextToken, MaxResults }: Asked, usualSize = usual): PageAsked {
  const after = NextToken === undefined ? undefined : fromMarker(pagingOf(operation), NextToken)
  return { after, limit: MaxResults ?? usualSize }
}

export function nextToken(operation: string, next: string | undefined): string | undefined {
  return next === undefined ? undefined : toMarker(pagingOf(operation), next)
}

function pagingOf(operation: string): Paging {
  return { operation: `profile.${operation}`, least: 1, most: 100, usual }
}
